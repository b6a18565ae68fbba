/// What each of several chances is worth among the others: Holm's step-down adjustment. Call everything that comes out
/// at α or below a discovery, and the chance of any false one among them is at most α, however they depend on each
/// other.
///
/// The least of m chances is multiplied by m, the next by m − 1, and so on; none may come out below one before it.
/// Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6
/// (1979) 65–70.
///
/// ```
/// use jostle_odds::holm;
/// assert_eq!(holm(&[0.25, 0.0625, 0.5]), [0.5, 0.1875, 0.5]);
/// ```
pub fn holm(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|&one, &other| chances[one].total_cmp(&chances[other]));
    let mut adjusted = vec![1.0; chances.len()];
    let mut greatest = 0.0f64;
    for (rank, &index) in order.iter().enumerate() {
        greatest = greatest.max((chances.len() - rank) as f64 * chances[index]).min(1.0);
        adjusted[index] = greatest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With the numbers that R's `p.adjust(p, "holm")` gives.
    #[test]
    fn adjusted_chances_are_those_of_the_textbook() {
        let adjusted = holm(&[0.01, 0.02, 0.03, 0.04, 0.05]);
        let wanted = [0.05, 0.08, 0.09, 0.09, 0.09];
        assert!(
            adjusted.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-12),
            "{adjusted:?}"
        );
    }

    #[test]
    fn one_chance_alone_stays_what_it_is() {
        assert_eq!(holm(&[0.04]), [0.04]);
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn no_chance_exceeds_certainty() {
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    }
}
