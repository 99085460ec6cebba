//! Bugs put in on purpose: each must be found.

use fusebox_protocol::{Defect, Policy, Setup, find_defect};

#[test]
fn every_defect_is_found() {
    for defect in Defect::ALL {
        let (name, way) = find_defect(&Setup::SMALL.with(defect), Policy::MaxFailures).unwrap_or(("-", String::new()));
        println!("{defect:?}: {name}\n{way}");
    }
}
