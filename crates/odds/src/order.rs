use fastrand::Rng;

/// In which order to run several groups of trials, so that whatever drifts meanwhile (a machine that warms up, a cache
/// that fills, other people's load) falls on all of them alike. `sizes` are the numbers of trials per group; what comes
/// back is the group of each trial.
///
/// Each group is spread evenly over the whole time, at random places within its even shares: groups of the same size are
/// so run in blocks, each group once per block and in random order, which is the randomized block design (R. A.
/// Fisher, The Design of Experiments (1935), chapter IV).
pub fn interleaved(sizes: &[u64], seed: u64) -> Vec<usize> {
    let mut random = Rng::with_seed(seed);
    let mut places: Vec<(f64, usize)> = Vec::new();
    for (group, &size) in sizes.iter().enumerate() {
        places.extend((0..size).map(|trial| ((trial as f64 + random.f64()) / size as f64, group)));
    }
    places.sort_by(|one, other| one.0.total_cmp(&other.0));
    places.into_iter().map(|(_, group)| group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_gets_its_trials() {
        let order = interleaved(&[30, 0, 10], 1);
        let count = |wanted| order.iter().filter(|&&group| group == wanted).count();
        assert_eq!([0, 1, 2].map(count), [30, 0, 10]);
    }

    #[test]
    fn groups_of_one_size_run_block_by_block_in_random_order() {
        let order = interleaved(&[100, 100, 100], 2);
        let blocks: Vec<&[usize]> = order.chunks(3).collect();
        assert!(blocks.iter().all(|block| (0..3).all(|group| block.contains(&group))));
        assert!(blocks.windows(2).any(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn the_same_seed_gives_the_same_order() {
        assert_eq!(interleaved(&[9, 4], 5), interleaved(&[9, 4], 5));
        assert_ne!(interleaved(&[9, 4], 5), interleaved(&[9, 4], 6));
    }
}
