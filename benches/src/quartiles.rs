//! The middle of many samples, and their spread.

/// The median of some samples, and the quartiles beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quartiles {
    /// A quarter of the samples is less.
    pub lower: f64,
    /// Half of them is less.
    pub median: f64,
    /// Three quarters are less.
    pub upper: f64,
}

impl Quartiles {
    /// Of the samples, unless there is none.
    pub fn of(mut samples: Vec<f64>) -> Option<Self> {
        samples.sort_by(f64::total_cmp);
        let at = |quarters: usize| samples.get(samples.len() * quarters / 4).copied();
        Some(Self { lower: at(1)?, median: at(2)?, upper: at(3)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_wild_samples_do_not_matter() {
        let samples = vec![3.0, 1e9, 2.0, 5.0, 4.0, 1.0, 6.0, 1e6];
        assert_eq!(Quartiles::of(samples), Some(Quartiles { lower: 3.0, median: 5.0, upper: 1e6 }));
        assert_eq!(Quartiles::of(vec![7.0]), Some(Quartiles { lower: 7.0, median: 7.0, upper: 7.0 }));
        assert_eq!(Quartiles::of(vec![]), None);
    }
}
