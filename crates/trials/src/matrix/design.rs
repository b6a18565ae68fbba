//! A plan as a factorial: where levels are made of layers, each layer is a factor of its own, there or not.

use jostle_model::Part;
use jostle_odds::{Factorial, Level, OddsError, Tally};
use jostle_plans::{Factor, Matrix};

/// What a dimension of the factorial stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dimension {
    /// A factor of the plan.
    Factor(usize),
    /// A layer of a factor of the plan: level 1 has it, level 0 has not.
    Layer(usize, usize),
}

/// A plan, as it is judged.
#[derive(Debug)]
pub(crate) struct Design<'a> {
    plan: &'a Matrix,
    dimensions: Vec<Dimension>,
    pub(crate) factorial: Factorial,
}

impl<'a> Design<'a> {
    /// With what happened in each cell of the plan, in its order.
    ///
    /// # Errors
    /// When there are far too many cells.
    pub(crate) fn new(plan: &'a Matrix, tallies: &[Tally]) -> Result<Self, OddsError> {
        let dimensions: Vec<Dimension> =
            plan.factors.iter().enumerate().flat_map(|(number, factor)| dimensions(number, factor)).collect();
        let levels: Vec<usize> = dimensions
            .iter()
            .map(|dimension| match dimension {
                Dimension::Factor(factor) => plan.factors[*factor].levels.len(),
                Dimension::Layer(..) => 2,
            })
            .collect();
        let mut design = Self { plan, dimensions, factorial: Factorial::new(&levels)? };
        for (setting, &tally) in plan.cells.iter().zip(tallies) {
            // Every setting of the plan is one of the design.
            if let Some(cell) = design.factorial.cell(&design.coordinates(setting)) {
                design.factorial.add(cell, tally);
            }
        }
        Ok(design)
    }

    /// A setting of the plan in the dimensions of the design.
    pub(crate) fn coordinates(&self, setting: &[usize]) -> Vec<usize> {
        let coordinate = |dimension: &Dimension| match *dimension {
            Dimension::Factor(factor) => setting[factor],
            Dimension::Layer(factor, layer) => {
                usize::from(self.plan.factors[factor].layers[layer].present[setting[factor]])
            }
        };
        self.dimensions.iter().map(coordinate).collect()
    }

    /// The lack of a layer is compared with, and never suspected.
    pub(crate) fn is_suspected(&self, level: Level) -> bool {
        matches!(self.dimensions[level.factor], Dimension::Factor(_)) || level.level == 1
    }

    /// Whether a factor is nothing at this level.
    pub(crate) fn is_bare(&self, level: Level) -> bool {
        match self.dimensions[level.factor] {
            Dimension::Factor(factor) => self.plan.factors[factor].without == Some(level.level),
            Dimension::Layer(..) => false,
        }
    }

    /// The other levels of a factor, which may help against what the bare one lets happen.
    pub(crate) fn others(&self, level: Level) -> impl Iterator<Item = Level> {
        let levels = self.factorial.levels()[level.factor];
        (0..levels)
            .filter(move |&other| other != level.level)
            .map(move |other| Level { level: other, ..level })
    }

    /// As people know it.
    pub(crate) fn part(&self, level: Level) -> Part {
        match self.dimensions[level.factor] {
            Dimension::Factor(factor) => {
                let factor = &self.plan.factors[factor];
                Part { name: factor.name.clone(), level: Some(factor.levels[level.level].name.clone()) }
            }
            Dimension::Layer(factor, layer) => {
                Part { name: self.plan.factors[factor].layers[layer].name.clone(), level: None }
            }
        }
    }

    /// What is to be said something of: layers, and factors that have none. A layer and a factor of one name are one thing:
    /// the factor has the layer's versions.
    pub(crate) fn entities(&self) -> Vec<Entity> {
        let mut entities: Vec<Entity> = Vec::new();
        for (number, dimension) in self.dimensions.iter().enumerate() {
            let (name, is_layer) = match *dimension {
                Dimension::Factor(factor) => (&self.plan.factors[factor].name, false),
                Dimension::Layer(factor, layer) => (&self.plan.factors[factor].layers[layer].name, true),
            };
            match entities.iter_mut().find(|entity| entity.name == *name) {
                Some(entity) => entity.add(number, is_layer),
                None => {
                    let mut entity = Entity { name: name.clone(), dimensions: Vec::new(), layer: None };
                    entity.add(number, is_layer);
                    entities.push(entity);
                }
            }
        }
        entities
    }
}

fn dimensions(number: usize, factor: &Factor) -> Vec<Dimension> {
    if factor.layers.is_empty() {
        return vec![Dimension::Factor(number)];
    }
    (0..factor.layers.len()).map(|layer| Dimension::Layer(number, layer)).collect()
}

/// A factor, a layer, or a layer with its versions.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) name: String,
    dimensions: Vec<usize>,
    /// The dimension that says whether it is there at all.
    layer: Option<usize>,
}

impl Entity {
    fn add(&mut self, dimension: usize, is_layer: bool) {
        self.dimensions.push(dimension);
        if is_layer {
            self.layer = Some(dimension);
        }
    }

    /// Whether a level is one of its own.
    pub(crate) fn has(&self, level: Level) -> bool {
        self.dimensions.contains(&level.factor)
    }

    /// Whether it is there in a cell with these coordinates.
    pub(crate) fn is_in(&self, coordinates: &[usize]) -> bool {
        self.layer.is_none_or(|layer| coordinates[layer] == 1)
    }
}
