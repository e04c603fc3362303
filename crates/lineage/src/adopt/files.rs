//! Files of another tool's directory as texts; what cannot be read is a finding.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::core::chain::ReadError;
use crate::core::finding::{Finding, Place, Rule};
use crate::core::parallel::in_parallel;
use crate::core::revision::FILE_BYTES_MAX;

use super::original::Source;

/// The files of a directory with this extension, by name.
pub(super) fn list(dir: &Path, extension: &str) -> Result<Vec<PathBuf>, ReadError> {
    let failed = |source| ReadError::Io {
        path: dir.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|own| own == extension) && !path.is_dir() {
            names.push(path);
        }
    }
    names.sort();
    Ok(names)
}

/// Their texts, line endings as LF, and what is wrong with the others.
pub(super) fn read(names: &[PathBuf]) -> (Vec<Arc<Source>>, Vec<Finding>) {
    let (mut sources, mut findings) = (Vec::new(), Vec::new());
    for one in in_parallel(names, |name| text(name)) {
        match one {
            Ok(source) => sources.push(Arc::new(source)),
            Err(finding) => findings.push(*finding),
        }
    }
    (sources, findings)
}

fn text(path: &Path) -> Result<Source, Box<Finding>> {
    let name = path.display().to_string();
    let wrong = |message: String, help: &str| {
        Box::new(Finding::error(
            Rule::A06,
            Place::file(name.clone()),
            message,
            help,
        ))
    };
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|cause| {
            wrong(
                format!("the file cannot be read: {cause}"),
                "make it readable, or take it out of the directory",
            )
        })?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(wrong(
            "the file is larger than 16 MiB".to_owned(),
            "load data with a job, not with a revision",
        ));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let text = std::str::from_utf8(bytes).map_err(|cause| {
        wrong(
            format!("byte {} is not UTF-8", cause.valid_up_to()),
            "save the file as UTF-8",
        )
    })?;
    Ok(Source {
        text: text.replace("\r\n", "\n"),
        name,
    })
}
