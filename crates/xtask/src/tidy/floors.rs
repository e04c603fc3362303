//! A crate imports only what stands below it; slices only what stands to their left.

use super::law::{PLACES, Place, SLICES, STANDALONE};
use super::{Dependency, Finding, Package, Tree};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let is_ours = |name: &str| tree.packages.iter().any(|package| package.name == name);
    let mut findings = Vec::new();
    for package in &tree.packages {
        let manifest = format!("crates/{}/Cargo.toml", package.name);
        let Some(place) = place_of(&package.name) else {
            findings.push(Finding::error(
                "floors",
                (&manifest, 0),
                format!("`{}` stands on no floor", package.name),
                "give it a line in PLACES in crates/xtask/src/tidy/law.rs",
            ));
            continue;
        };
        let ours = package.dependencies.iter().filter(|wanted| is_ours(&wanted.name));
        findings.extend(ours.filter_map(|wanted| breach(package, place, wanted, &manifest)));
    }
    findings
}

fn place_of(name: &str) -> Option<Place> {
    PLACES
        .iter()
        .find_map(|(known, place)| (*known == name).then_some(*place))
}

fn breach(package: &Package, place: Place, wanted: &Dependency, manifest: &str) -> Option<Finding> {
    let target = place_of(&wanted.name)?;
    // A crate names itself in dev-dependencies to switch on its own features.
    if may_import(place, target, wanted.is_for_tests()) || package.name == wanted.name {
        return standalone_breach(package, wanted, manifest);
    }
    let cure = match (place, target) {
        (Place::Floor(SLICES, _), Place::Floor(SLICES, _)) => {
            "slices import to the left only: publish an event, or move the rule to the slice that owns the word"
        }
        (_, Place::TestBench) => "testkit is for [dev-dependencies]",
        _ => {
            "move what is needed to the lower floor that owns the word, or take a trait that the server fills"
        }
    };
    Some(Finding::error(
        "floors",
        (manifest, 0),
        format!(
            "`{}` ({}) imports `{}` ({})",
            package.name,
            spoken(place),
            wanted.name,
            spoken(target)
        ),
        cure,
    ))
}

fn standalone_breach(package: &Package, wanted: &Dependency, manifest: &str) -> Option<Finding> {
    let is_alone = STANDALONE.contains(&package.name.as_str());
    let is_fine = wanted.name == "kernel" || wanted.name == package.name || wanted.is_for_tests();
    (is_alone && !is_fine).then(|| {
        Finding::error(
            "standalone",
            (manifest, 0),
            format!(
                "`{}` can be used alone, but imports `{}`",
                package.name, wanted.name
            ),
            "of our crates it may know `kernel` at most",
        )
    })
}

fn may_import(from: Place, to: Place, for_tests: bool) -> bool {
    match (from, to) {
        (_, Place::Tool) | (Place::TestBench, Place::TestBench) => false,
        (Place::Tool, Place::Floor(..) | Place::TestBench) => true,
        (Place::Floor(..), Place::TestBench) => for_tests,
        (Place::TestBench, Place::Floor(floor, _)) => floor <= 1,
        (Place::Floor(floor, rank), Place::Floor(other_floor, other_rank)) => {
            (other_floor, other_rank) < (floor, rank) && (other_floor < floor || is_ranked(floor))
        }
    }
}

fn is_ranked(floor: u8) -> bool {
    floor == 1 || floor == SLICES
}

fn spoken(place: Place) -> String {
    match place {
        Place::Floor(floor, rank) if is_ranked(floor) => format!("floor {floor}, rank {rank}"),
        Place::Floor(floor, _) => format!("floor {floor}"),
        Place::TestBench => "test bench".to_owned(),
        Place::Tool => "tool".to_owned(),
    }
}
