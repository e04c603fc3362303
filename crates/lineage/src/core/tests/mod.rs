//! What a person sees of files, graph, hashes and lock.

mod bad_input;
mod files;
mod graph;
#[cfg(feature = "lint")]
mod relink;
mod tokens;

use crate::core::chain::Chain;

pub(crate) fn text(id: &str, parent: &str) -> String {
    format!("-- lineage: 1\n-- id: {id}\n-- parent: {parent}\n\n-- >> up\nSELECT 1;\n-- >> down\nSELECT 2;\n")
}

pub(crate) fn chain_of(files: &[(&str, &str)]) -> Chain {
    Chain::from_files(files.iter().copied())
}

/// The findings as `rule file:line:column message | help`.
pub(crate) fn shown(chain: &Chain) -> Vec<String> {
    let findings = chain.findings().iter();
    findings
        .map(|finding| {
            let place = &finding.place;
            let at = format!("{}:{}:{}", place.file, place.line, place.column);
            format!("{} {at} {} | {}", finding.rule, finding.message, finding.help)
        })
        .collect()
}
