//! What was learnt of a server before its requests overlap: what is sent, what is normal, and what is noise.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::anatomy::Anatomy;
use crate::glance::{Found, Glance};
use crate::ledger::Asked;
use crate::place::{AnswerPlace, RequestPlace};
use crate::profile::Profile;
use crate::rules::{Charge, Issued, Whose, foreign, shared};
use crate::template::{Template, Visitor};
use crate::token::{Mint, Owner, Recogniser, Sighting};
use crate::wire::Answer;

/// An answer that was kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// To which request.
    pub(crate) asked: Asked,
    /// Its status.
    pub(crate) status: u16,
    /// Its head.
    pub(crate) head: Vec<u8>,
    /// Its body.
    pub(crate) body: Vec<u8>,
    /// Whether that is all of the body.
    pub(crate) whole: bool,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Kept {
    /// A copy of `answer`.
    pub(crate) fn of(asked: &Asked, answer: &Answer<'_>, took: Duration) -> Self {
        let Answer { status, head, body, whole, .. } = *answer;
        Self { asked: *asked, status, head: head.to_vec(), body: body.to_vec(), whole, took }
    }

    /// The answer again.
    pub(crate) fn answer(&self) -> Answer<'_> {
        Answer { status: self.status, head: &self.head, body: &self.body, whole: self.whole, reusable: true }
    }
}

/// What is known of the server and of what is sent to it.
#[derive(Debug)]
pub(crate) struct Knowledge {
    /// What is sent.
    pub(crate) templates: Vec<Template>,
    /// Where tokens go, by their slots.
    pub(crate) places: Vec<RequestPlace>,
    /// Where the server issues ids.
    pub(crate) sessions: Vec<AnswerPlace>,
    /// What makes the tokens.
    pub(crate) mint: Mint,
    /// What finds them.
    pub(crate) recogniser: Recogniser,
    kinds: Vec<[Kind; 2]>,
    /// Whether the templates are steps of one client.
    pub(crate) steps: bool,
    /// Places that may differ.
    pub(crate) ignored: Vec<AnswerPlace>,
    /// Tokens of these slots are shown to everybody in turn, because the page is cached with the first one's.
    pub(crate) cached: BTreeSet<(usize, u8)>,
}

/// What is known of a template, sent by one sort of visitor.
#[derive(Debug, Default)]
pub(crate) struct Kind {
    /// What is normal.
    pub(crate) profile: Profile,
    /// What all answers look like, if they do.
    pub(crate) glance: Option<Glance>,
}

impl Knowledge {
    /// Nothing but what is sent.
    pub(crate) fn new(
        templates: Vec<Template>,
        places: Vec<RequestPlace>,
        sessions: Vec<AnswerPlace>,
        mint: Mint,
    ) -> Self {
        let recogniser = Recogniser::new(&mint);
        let kinds = templates.iter().map(|_| [Kind::default(), Kind::default()]).collect();
        Self {
            templates,
            places,
            sessions,
            mint,
            recogniser,
            kinds,
            steps: false,
            ignored: Vec::new(),
            cached: BTreeSet::new(),
        }
    }

    /// What is known of requests such as `asked`.
    pub(crate) fn kind(&self, asked: &Asked) -> &Kind {
        &self.kinds[asked.template][asked.visitor as usize]
    }

    /// All kinds of requests: the index of the template, and who sends it.
    pub(crate) fn kinds(&self) -> Vec<(usize, Visitor)> {
        let visitors = |template: &Template| match template.knows_visitors() {
            true => vec![Visitor::Known, Visitor::New],
            false => vec![Visitor::Known],
        };
        let templates = self.templates.iter().enumerate();
        templates
            .flat_map(|(index, template)| visitors(template).into_iter().map(move |visitor| (index, visitor)))
            .collect()
    }

    /// Learns from answers to requests in turn.
    pub(crate) fn learn(&mut self, answers: &[Kept]) {
        for kept in answers {
            let anatomy = self.anatomy(kept);
            self.kinds[kept.asked.template][kept.asked.visitor as usize].profile.learn(&anatomy);
        }
    }

    /// Learns what can be told at a glance: what all answers of a kind have been. Where ids are issued nothing can, since
    /// each has to be looked at.
    pub(crate) fn learn_glances(&mut self, answers: &[Kept]) {
        for (template, visitor) in self.kinds() {
            let of_kind: Vec<&Kept> = answers
                .iter()
                .filter(|kept| (kept.asked.template, kept.asked.visitor) == (template, visitor))
                .collect();
            let issues = of_kind.iter().any(|kept| self.issues(kept));
            let glance = if issues { None } else { self.glance(&of_kind) };
            self.kinds[template][visitor as usize].glance = glance;
        }
    }

    fn issues(&self, kept: &Kept) -> bool {
        let anatomy = self.anatomy(kept);
        self.sessions
            .iter()
            .any(|place| anatomy.fields.get(place).is_some_and(|content| content.id.is_some()))
    }

    fn glance(&self, answers: &[&Kept]) -> Option<Glance> {
        let (first, others) = answers.split_first()?;
        let glance =
            self.with_sightings(first, |answer, found| Glance::of(answer, first.asked.number, found))?;
        let same = |kept: &&Kept| {
            self.with_sightings(kept, |answer, found| glance.is(answer, kept.asked.number, found))
        };
        (others.len() > 1 && others.iter().all(same)).then_some(glance)
    }

    fn with_sightings<T>(&self, kept: &Kept, then: impl FnOnce(&Answer<'_>, Found<'_>) -> T) -> T {
        let find = |text: &[u8]| self.recogniser.find(text).collect::<Vec<Sighting>>();
        let (head, body) = (find(&kept.head), find(&kept.body));
        then(&kept.answer(), Found { head: &head, body: &body })
    }

    fn anatomy(&self, kept: &Kept) -> Anatomy {
        Anatomy::of(&kept.answer(), kept.asked.number, &self.recogniser)
    }

    /// The cookies that the server sets to another value each time, as it does with ids.
    pub(crate) fn issued_cookies(&self, answers: &[Kept]) -> Vec<AnswerPlace> {
        let anatomies: Vec<Anatomy> = answers.iter().map(|kept| self.anatomy(kept)).collect();
        let mut names: BTreeSet<&AnswerPlace> =
            anatomies.iter().flat_map(|anatomy| anatomy.fields.keys()).collect();
        names.retain(|place| matches!(place, AnswerPlace::Cookie(_)));
        let differs = |place: &&AnswerPlace| {
            let ids: Vec<&String> =
                anatomies.iter().filter_map(|anatomy| anatomy.fields.get(place)?.id.as_ref()).collect();
            ids.len() > 1 && ids.iter().collect::<BTreeSet<_>>().len() == ids.len()
        };
        names.into_iter().filter(differs).cloned().collect()
    }

    /// What is wrong with answers that came in turn, each with the answer it is about.
    ///
    /// A page that was cached with somebody's parameters is not blamed: what stands in a URL is no secret.
    pub(crate) fn charges_in_turn<'k>(
        &mut self,
        answers: &'k [Kept],
        issued: &mut Issued,
    ) -> Vec<(&'k Kept, Charge)> {
        let mut charges = Vec::new();
        for kept in answers {
            let anatomy = self.anatomy(kept);
            let found = self.foreign(&kept.asked, &anatomy).into_iter();
            let shared = shared(&anatomy, kept.asked.number, &self.sessions, issued);
            charges.extend(found.chain(shared).map(|charge| (kept, charge)));
        }
        let cached =
            |charge: &Charge| matches!(charge.whose, Whose::Token(owner, _) if self.is_parameter(owner));
        let forgiven = charges.iter().filter_map(|(kept, charge)| match charge.whose {
            Whose::Token(owner, _) if cached(charge) => Some((kept.asked.template, owner.slot)),
            _ => None,
        });
        let forgiven: BTreeSet<(usize, u8)> = forgiven.collect();
        charges.retain(|(_, charge)| !cached(charge));
        self.cached.extend(forgiven);
        charges
    }

    fn is_parameter(&self, owner: Owner) -> bool {
        matches!(self.places.get(usize::from(owner.slot)), Some(RequestPlace::Query(_)))
    }

    /// Whose tokens the answer to `asked` holds, beside its own.
    pub(crate) fn foreign(&self, asked: &Asked, anatomy: &Anatomy) -> Vec<Charge> {
        let open = &self.kind(asked).profile.open;
        foreign(anatomy, open, |owner| self.cached.contains(&(asked.template, owner.slot)))
    }

    /// Where answers name their asker, in turn: by the name of the place in the answer.
    pub(crate) fn echoed(&self) -> Vec<String> {
        let places = self.kinds.iter().flatten().flat_map(|kind| kind.profile.own_places());
        let names: BTreeSet<String> = places.map(|(place, _)| place.to_string()).collect();
        names.into_iter().collect()
    }

    /// Places that show everybody's tokens to everybody.
    pub(crate) fn open(&self) -> Vec<String> {
        let places = self.kinds.iter().flatten().flat_map(|kind| &kind.profile.open);
        places.map(ToString::to_string).collect::<BTreeSet<_>>().into_iter().collect()
    }
}
