//! Translations: Fluent bundles for Romanian and English.
//!
//! A key exists once per language; a second definition is refused when the words are loaded, so one
//! slice cannot silently overwrite another's. Numbers inside sentences follow the language.

use std::borrow::Cow;
use std::collections::BTreeSet;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::{FluentNumber, FluentNumberOptions};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::Entry;
use intl_memoizer::concurrent::IntlLangMemoizer;
use kernel::Locale;
use rust_decimal::Decimal;

use crate::formats;
use crate::render::UiError;

/// The values a sentence needs: `Args::new().with("count", 3).with("name", "Ana")`.
#[derive(Debug, Default)]
pub struct Args(FluentArgs<'static>);

impl Args {
    /// No values yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text or a number; only numbers choose plural forms.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<FluentValue<'static>>) -> Self {
        self.0.set(name.to_owned(), counted(value.into()));
        self
    }
}

/// "101 minute", "119 minute" and not "de minute": above a hundred Romanian looks at the last two digits,
/// which the plural rules at hand do not. Such a number chooses its form as a 2 and carries its true digits
/// along; English makes no difference between the two.
fn counted(value: FluentValue<'static>) -> FluentValue<'static> {
    match value {
        FluentValue::Number(number) if few_above_hundred(number.value) => {
            let digits = number.as_string().into_owned();
            let options = FluentNumberOptions {
                currency: Some(digits),
                ..number.options
            };
            FluentValue::Number(FluentNumber::new(2.0, options))
        }
        other @ (FluentValue::String(_)
        | FluentValue::Number(_)
        | FluentValue::Custom(_)
        | FluentValue::None
        | FluentValue::Error) => other,
    }
}

fn few_above_hundred(value: f64) -> bool {
    let size = value.abs();
    size > 100.0 && (1.0..=19.0).contains(&(size % 100.0))
}

impl<'a> FromIterator<(&'a str, FluentValue<'static>)> for Args {
    fn from_iter<I: IntoIterator<Item = (&'a str, FluentValue<'static>)>>(values: I) -> Self {
        values
            .into_iter()
            .fold(Self::new(), |args, (name, value)| args.with(name, value))
    }
}

pub(crate) struct Words {
    romanian: Language,
    english: Language,
}

struct Language {
    bundle: FluentBundle<FluentResource>,
    keys: BTreeSet<String>,
}

impl Words {
    pub(crate) fn load<'a>(
        sources: impl Iterator<Item = (&'a str, Locale, &'a str)>,
    ) -> Result<Self, UiError> {
        let mut words = Self {
            romanian: Language::empty(Locale::Ro)?,
            english: Language::empty(Locale::En)?,
        };
        for (slice, locale, text) in sources {
            words.language_mut(locale).add(slice, locale, text)?;
        }
        Ok(words)
    }

    pub(crate) fn keys(&self, locale: Locale) -> &BTreeSet<String> {
        &self.language(locale).keys
    }

    /// The sentence, or `None` when the key is unknown.
    pub(crate) fn find(&self, locale: Locale, key: &str, args: &Args) -> Option<String> {
        let bundle = &self.language(locale).bundle;
        let pattern = bundle.get_message(key)?.value()?;
        // A value the sentence names and the caller forgot is written as {$name}: visible, and no reason to lose the page.
        let mut errors = Vec::new();
        Some(
            bundle
                .format_pattern(pattern, Some(&args.0), &mut errors)
                .into_owned(),
        )
    }

    fn language(&self, locale: Locale) -> &Language {
        match locale {
            Locale::Ro => &self.romanian,
            Locale::En => &self.english,
        }
    }

    fn language_mut(&mut self, locale: Locale) -> &mut Language {
        match locale {
            Locale::Ro => &mut self.romanian,
            Locale::En => &mut self.english,
        }
    }
}

impl Language {
    fn empty(locale: Locale) -> Result<Self, UiError> {
        let tag = locale.tag();
        let id = tag.parse().map_err(|error| UiError::Words {
            slice: "ui".to_owned(),
            locale: tag,
            problem: format!("language tag: {error}"),
        })?;
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        // Isolation marks are for mixed writing directions; here they would only be invisible dirt in copied text.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(match locale {
            Locale::Ro => romanian_number,
            Locale::En => english_number,
        }));
        Ok(Self {
            bundle,
            keys: BTreeSet::new(),
        })
    }

    fn add(&mut self, slice: &str, locale: Locale, text: &str) -> Result<(), UiError> {
        let problem = |problem: String| UiError::Words {
            slice: slice.to_owned(),
            locale: locale.tag(),
            problem,
        };
        let resource =
            FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| problem(format!("{errors:?}")))?;
        for entry in resource.entries() {
            if let Entry::Message(message) = entry
                && !self.keys.insert(message.id.name.to_owned())
            {
                return Err(UiError::DuplicateKey {
                    slice: slice.to_owned(),
                    locale: locale.tag(),
                    key: message.id.name.to_owned(),
                });
            }
        }
        self.bundle
            .add_resource(resource)
            .map_err(|errors| problem(format!("{errors:?}")))
    }
}

fn romanian_number(value: &FluentValue, _: &IntlLangMemoizer) -> Option<String> {
    number_text(value, Locale::Ro)
}

fn english_number(value: &FluentValue, _: &IntlLangMemoizer) -> Option<String> {
    number_text(value, Locale::En)
}

fn number_text(value: &FluentValue, locale: Locale) -> Option<String> {
    let FluentValue::Number(number) = value else {
        return None;
    };
    let plain = match &number.options.currency {
        Some(digits) => Cow::Borrowed(digits.as_str()),
        None => number.as_string(),
    };
    let amount: Decimal = plain.parse().ok()?;
    Some(formats::number(amount, locale))
}
