//! The law of the house, held by every test run.

#[test]
fn the_house_keeps_its_law() {
    let report = xtask::tidy::run(&xtask::root()).expect("the tree can be read");
    assert_eq!(report.errors(), 0, "\n{}", report.render());
}
