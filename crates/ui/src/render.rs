//! The template environment: loads all slices' templates and words once, renders pages from them.

use std::sync::Arc;

use kernel::{Locale, Param, Refusal};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use crate::chart::Chart;
use crate::coverage::{self, WordGaps};
use crate::filters;
use crate::shell::Shell;
use crate::slice::{self, SlicePages};
use crate::words::{Args, Words};

/// A template that loops for ever is stopped; a page of 200 rows needs a few hundred thousand steps.
const STEPS_PER_PAGE_MAX: u64 = 20_000_000;

/// Why a page could not be drawn. All of these are faults of ours.
#[derive(Debug, thiserror::Error)]
pub enum UiError {
    /// A template does not parse.
    #[error("template {template} does not parse")]
    Syntax {
        /// Its name.
        template: &'static str,
        /// Where and why.
        source: minijinja::Error,
    },
    /// Two templates of one name, or a name outside its slice's folder.
    #[error("template {template} of slice {slice}: the name is taken or outside the slice's folder")]
    TemplateName {
        /// The slice that brings it.
        slice: &'static str,
        /// Its name.
        template: &'static str,
    },
    /// A key defined twice in one language.
    #[error("slice {slice} defines the word {key} a second time ({locale})")]
    DuplicateKey {
        /// The slice whose file came second.
        slice: String,
        /// Language tag.
        locale: &'static str,
        /// The key.
        key: String,
    },
    /// A translation file does not parse.
    #[error("words of slice {slice} ({locale}): {problem}")]
    Words {
        /// The slice.
        slice: String,
        /// Language tag.
        locale: &'static str,
        /// What Fluent says.
        problem: String,
    },
    /// A page failed while being drawn: an undefined name, an unknown template, icon or asset.
    #[error("template {template} could not be rendered")]
    Render {
        /// Its name.
        template: String,
        /// Where and why.
        source: minijinja::Error,
    },
}

/// All templates and words. Cheap to clone; made once at start.
#[derive(Clone)]
pub struct Ui {
    inner: Arc<Inner>,
}

struct Inner {
    templates: Environment<'static>,
    sources: Vec<(&'static str, &'static str)>,
    words: Arc<Words>,
}

impl std::fmt::Debug for Ui {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ui")
            .field("templates", &self.inner.sources.len())
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Context<'a, T: Serialize> {
    shell: &'a Shell,
    page: &'a T,
}

impl Ui {
    /// Loads the frame and these slices. A word that is missing at run time is shown as its key.
    pub fn new(slices: &[&SlicePages]) -> Result<Self, UiError> {
        Self::load(slices, filters::MissingWord::ShowKey)
    }

    /// Like [`Ui::new`], but a page with a missing word fails: for tests.
    pub fn exacting(slices: &[&SlicePages]) -> Result<Self, UiError> {
        Self::load(slices, filters::MissingWord::Fail)
    }

    fn load(slices: &[&SlicePages], missing: filters::MissingWord) -> Result<Self, UiError> {
        let all = || std::iter::once(&slice::PAGES).chain(slices.iter().copied());
        let words = Arc::new(Words::load(all().flat_map(|slice| {
            slice
                .words
                .iter()
                .map(|(locale, text)| (slice.name, *locale, *text))
        }))?);

        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.set_formatter(filters::escaping);
        templates.set_fuel(Some(STEPS_PER_PAGE_MAX));
        filters::register(&mut templates, &words, missing);

        let mut sources: Vec<(&'static str, &'static str)> = Vec::new();
        for slice in all() {
            for &(name, source) in slice.templates {
                add_template(&mut templates, &mut sources, slice.name, (name, source))?;
            }
        }
        Ok(Self {
            inner: Arc::new(Inner {
                templates,
                sources,
                words,
            }),
        })
    }

    /// Draws a page: `shell` and `page` are what the template sees.
    pub fn render<T: Serialize>(&self, template: &str, shell: &Shell, page: &T) -> Result<String, UiError> {
        let fault = |source| UiError::Render {
            template: template.to_owned(),
            source,
        };
        self.inner
            .templates
            .get_template(template)
            .map_err(fault)?
            .render(Serde(Context { shell, page }))
            .map_err(fault)
    }

    /// Draws a part of a page. The template itself decides, by extending no layout.
    pub fn fragment<T: Serialize>(&self, template: &str, shell: &Shell, page: &T) -> Result<String, UiError> {
        self.render(template, shell, page)
    }

    /// The sentence for a key, or the key itself when there is none.
    pub fn text(&self, locale: Locale, key: &str, args: &Args) -> String {
        self.inner
            .words
            .find(locale, key, args)
            .unwrap_or_else(|| key.to_owned())
    }

    /// A refusal in words. A code without a sentence is answered generally and names the code.
    pub fn message(&self, locale: Locale, refusal: &Refusal) -> String {
        let args: Args = refusal
            .params
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Param::Number(number) => (*number).into(),
                    Param::Text(text) => text.clone().into(),
                };
                (*name, value)
            })
            .collect();
        self.inner
            .words
            .find(locale, refusal.code, &args)
            .unwrap_or_else(|| {
                let code = Args::new().with("code", refusal.code);
                self.text(locale, "ui-refused-unknown", &code)
            })
    }

    /// A chart as HTML, to be put into a page with `| safe`.
    pub fn chart(&self, locale: Locale, chart: &Chart) -> String {
        chart.html(locale, |key| self.text(locale, key, &Args::new()))
    }

    /// Whether words and their uses agree: keys used in templates or in code (`keys_used_in_code`;
    /// an entry ending in `*` stands for all keys with that beginning) exist in both languages,
    /// both languages have the same keys, and every key is used.
    pub fn missing_keys(&self, keys_used_in_code: &[&str]) -> WordGaps {
        coverage::gaps(&self.inner.sources, &self.inner.words, keys_used_in_code)
    }

    /// Names of all templates.
    pub fn template_names(&self) -> impl Iterator<Item = &'static str> {
        self.inner.sources.iter().map(|(name, _)| *name)
    }
}

fn add_template(
    templates: &mut Environment<'static>,
    sources: &mut Vec<(&'static str, &'static str)>,
    slice: &'static str,
    (name, source): (&'static str, &'static str),
) -> Result<(), UiError> {
    let at_home = name.strip_prefix(slice).is_some_and(|rest| rest.starts_with('/'));
    if !at_home || sources.iter().any(|(taken, _)| *taken == name) {
        return Err(UiError::TemplateName {
            slice,
            template: name,
        });
    }
    templates
        .add_template(name, source)
        .map_err(|source| UiError::Syntax {
            template: name,
            source,
        })?;
    sources.push((name, source));
    Ok(())
}
