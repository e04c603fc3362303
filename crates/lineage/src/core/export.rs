//! Findings in the formats of others: annotations of GitHub's workflows, and SARIF 2.1.0.

use serde_json::{Value, json};

use crate::core::finding::{Finding, Place};
use crate::core::rule::{Rule, Severity};

/// Where each rule is explained.
const RULES_PAGE: &str = "crates/lineage/docs/rules.md";

/// One workflow command for each finding; the workflow shows it beside the line.
pub fn github(findings: &[Finding]) -> String {
    findings
        .iter()
        .map(|finding| annotation(finding) + "\n")
        .collect()
}

fn annotation(finding: &Finding) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = vec![("file", finding.place.file.clone())];
    if finding.place.line > 0 {
        properties.push(("line", finding.place.line.to_string()));
    }
    if finding.place.column > 0 {
        properties.push(("col", finding.place.column.to_string()));
    }
    properties.push(("title", format!("{}: {}", finding.rule, finding.rule.title())));
    let properties: Vec<String> = properties
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("{key}={}", escape(&value).replace(':', "%3A").replace(',', "%2C")))
        .collect();
    let mut message = finding.message.clone();
    if !finding.help.is_empty() {
        message.push_str("\nhelp: ");
        message.push_str(&finding.help);
    }
    format!("::{level} {}::{}", properties.join(","), escape(&message))
}

/// A line break or a percent sign would end or change the command.
fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A SARIF log with one run.
pub fn sarif(findings: &[Finding], version: &str) -> Value {
    let rules: Vec<Value> = Rule::ALL
        .iter()
        .map(|rule| {
            json!({
                "id": rule.to_string(),
                "shortDescription": { "text": rule.title() },
                "helpUri": format!("{RULES_PAGE}#{}", rule.to_string().to_lowercase()),
            })
        })
        .collect();
    let results: Vec<Value> = findings.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "lineage", "version": version, "rules": rules } },
            "results": results,
        }],
    })
}

fn result(finding: &Finding) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let related: Vec<Value> = finding
        .related
        .iter()
        .enumerate()
        .map(|(at, related)| {
            let mut location = location(&related.place);
            if let Some(fields) = location.as_object_mut() {
                fields.insert("id".to_owned(), json!(at + 1));
                if !related.note.is_empty() {
                    fields.insert("message".to_owned(), json!({ "text": related.note }));
                }
            }
            location
        })
        .collect();
    json!({
        "ruleId": finding.rule.to_string(),
        "level": level,
        "message": { "text": format!("{}. {}", finding.message, finding.help) },
        "locations": [location(&finding.place)],
        "relatedLocations": related,
    })
}

fn location(place: &Place) -> Value {
    let mut physical =
        json!({ "artifactLocation": { "uri": place.file.replace('\\', "/").replace(' ', "%20") } });
    if place.line > 0
        && let Some(fields) = physical.as_object_mut()
    {
        let mut region = json!({ "startLine": place.line });
        if place.column > 0
            && let Some(region) = region.as_object_mut()
        {
            region.insert("startColumn".to_owned(), json!(place.column));
            region.insert("endColumn".to_owned(), json!(place.column + place.width.max(1)));
        }
        fields.insert("region".to_owned(), region);
    }
    json!({ "physicalLocation": physical })
}
