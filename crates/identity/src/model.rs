//! What people type about themselves, as types that cannot be wrong; what the screens show of it stands in `shown`.
//!
//! Pure: no database, no clock. Every rule of an e-mail, a name or a password stands here and nowhere else.

use kernel::{Refusal, normalise_text};

mod shown;

pub(crate) use shown::Session;
pub use shown::{ApiToken, AuditEntry, PermissionRow, Role, User};

/// RFC 5321 section 4.5.3.1.3.
const EMAIL_CHARS_MAX: usize = 254;
const NAME_CHARS_MAX: usize = 100;
/// NIST SP 800-63B asks for length, not for signs.
const PASSWORD_CHARS_MIN: usize = 10;
/// A longer one only keeps the processor busy.
pub(crate) const PASSWORD_CHARS_MAX: usize = 200;

/// Those of the usual lists that are long enough to pass the rule of length, and what people here would try.
const COMMON_PASSWORDS: &[&str] = &[
    "0123456789",
    "0987654321",
    "1234512345",
    "1234567890",
    "12345678910",
    "123456789a",
    "123123123a",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "abcdefghij",
    "administrator",
    "administrator1",
    "bucuresti1",
    "changeme123",
    "comenzi123",
    "emagemag123",
    "iloveyou123",
    "letmein123",
    "letmein1234",
    "magflow123",
    "magflow1234",
    "parola1234",
    "parola12345",
    "parolamea1",
    "parolaparola",
    "password01",
    "password12",
    "password123",
    "password1234",
    "passwordpassword",
    "qwerty1234",
    "qwerty12345",
    "qwertyuiop",
    "qwertyuiop123",
    "romania123",
    "romania1234",
    "schimbama1",
    "secret1234",
    "steaua1986",
    "superman123",
    "welcome123",
    "welcome1234",
    "zaq12wsxcde3",
];

/// An e-mail address: lower case, ASCII, something on both sides of the last `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim().to_ascii_lowercase();
        let refused = || Refusal::new("identity-email-invalid").on("email");
        let (local, domain) = text.rsplit_once('@').ok_or_else(refused)?;
        let plain = |c: char| {
            c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '(' | ')' | ',' | ';' | ':' | '\\' | '@')
        };
        let fits = text.len() <= EMAIL_CHARS_MAX
            && !local.is_empty()
            && local.chars().all(plain)
            && domain.len() >= 2
            && domain
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
            && !domain.starts_with(['.', '-'])
            && !domain.ends_with(['.', '-'])
            && !domain.contains("..");
        if fits { Ok(Self(text)) } else { Err(refused()) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A person's or thing's name without control characters, 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// `field` is the input field a refusal belongs to.
    pub fn parse(text: &str, field: &'static str) -> Result<Self, Refusal> {
        let text = normalise_text(text);
        match text.chars().count() {
            0 => Err(Refusal::new("identity-name-empty").on(field)),
            1..=NAME_CHARS_MAX => Ok(Self(text)),
            _ => Err(Refusal::new("identity-name-too-long")
                .with("max", chars(NAME_CHARS_MAX))
                .on(field)),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password that obeys the rules. Shown nowhere, not even by `Debug`.
#[derive(Clone)]
pub struct NewPassword(String);

impl NewPassword {
    pub fn parse(text: &str, email: &Email) -> Result<Self, Refusal> {
        let refused = |code| Err(Refusal::new(code).on("password"));
        let length = text.chars().count();
        if length < PASSWORD_CHARS_MIN {
            return Err(Refusal::new("identity-password-short")
                .with("min", chars(PASSWORD_CHARS_MIN))
                .on("password"));
        }
        if length > PASSWORD_CHARS_MAX {
            return Err(Refusal::new("identity-password-long")
                .with("max", chars(PASSWORD_CHARS_MAX))
                .on("password"));
        }
        let lower = text.to_lowercase();
        let local = email.as_str().split('@').next().unwrap_or_default();
        if lower == email.as_str() || lower == local {
            return refused("identity-password-is-email");
        }
        let first = lower.chars().next();
        if COMMON_PASSWORDS.contains(&lower.as_str()) || lower.chars().all(|c| Some(c) == first) {
            return refused("identity-password-common");
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

fn chars(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The theme of the screens by its tag in the users table.
pub(crate) fn theme_of(tag: &str) -> Option<ui::Theme> {
    match tag {
        "system" => Some(ui::Theme::System),
        "light" => Some(ui::Theme::Light),
        "dark" => Some(ui::Theme::Dark),
        _ => None,
    }
}

/// The code of a role made from its name: `Șef depozit` becomes `sef_depozit`.
pub(crate) fn role_code(text: &str) -> Result<String, Refusal> {
    let mut code = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        let plain = match c {
            'ă' | 'â' | 'á' | 'à' | 'ä' => 'a',
            'î' | 'í' => 'i',
            'ș' | 'ş' => 's',
            'ț' | 'ţ' => 't',
            'é' | 'è' | 'ë' => 'e',
            'ó' | 'ö' | 'ő' => 'o',
            'ú' | 'ü' | 'ű' => 'u',
            c if c.is_ascii_alphanumeric() => c,
            _ => '_',
        };
        if plain != '_' || !code.ends_with('_') {
            code.push(plain);
        }
    }
    let code: String = code
        .trim_start_matches(|c: char| !c.is_ascii_lowercase())
        .chars()
        .take(40)
        .collect();
    let code = code.trim_end_matches('_').to_owned();
    if code.len() < 2 {
        return Err(Refusal::new("identity-role-code-invalid").on("code"));
    }
    Ok(code)
}

/// A path on this server and nothing else: what may follow a log-in.
pub(crate) fn local_path(text: &str) -> Option<&str> {
    let local = text.len() <= 2000
        && text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains(|c: char| c == '\\' || c.is_control() || !c.is_ascii());
    local.then_some(text)
}

/// One or two letters for the round badge.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn email(text: &str, expected: Option<&str>) {
        assert_eq!(
            Email::parse(text).ok().as_ref().map(Email::as_str),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn addresses_are_folded_and_hostile_ones_refused() {
        email("  Ana.Pop@Example.RO ", Some("ana.pop@example.ro"));
        email("a+b@x.y", Some("a+b@x.y"));
        for bad in [
            "",
            "ana",
            "@x.ro",
            "ana@",
            "a b@x.ro",
            "a\0@x.ro",
            "a@x..ro",
            "a@-x.ro",
            "a@x.ro\nBcc: b@x.ro",
            "a@b@x.ro",
            "<script>@x.ro",
            "a@x.ro' OR '1'='1",
            "ană@x.ro",
        ] {
            email(bad, None);
        }
        email(&format!("{}@x.ro", "a".repeat(260)), None);
    }

    #[track_caller]
    fn password(text: &str, expected: Option<&str>) {
        let email = Email::parse("ana.popescu@example.test").unwrap();
        let code = NewPassword::parse(text, &email).err().map(|refusal| refusal.code);
        assert_eq!(code, expected, "{text:?}");
    }

    #[test]
    fn weak_passwords_are_refused_by_name() {
        password("o cale lungă", None);
        password("zece semne", None);
        password("nouă semn", Some("identity-password-short"));
        password(&"ab".repeat(101), Some("identity-password-long"));
        password(&"ab".repeat(100), None);
        password("ana.popescu@example.test", Some("identity-password-is-email"));
        password("ANA.POPESCU", Some("identity-password-is-email"));
        password("Parola1234", Some("identity-password-common"));
        password("aaaaaaaaaaaa", Some("identity-password-common"));
        assert_eq!(format!("{:?}", NewPassword("x".into())), "NewPassword(…)");
    }

    #[test]
    fn a_log_in_leads_only_to_this_server() {
        for (text, expected) in [
            ("/orders?status=new", true),
            ("/", true),
            ("//evil.test", false),
            ("/\\evil.test", false),
            ("https://evil.test", false),
            ("javascript:alert(1)", false),
            ("/a\r\nSet-Cookie: x=y", false),
            ("", false),
        ] {
            assert_eq!(local_path(text).is_some(), expected, "{text:?}");
        }
    }

    #[test]
    fn names_keep_their_letters_and_lose_control_characters() {
        let name = |text: &str| Name::parse(text, "name").map(|name| name.0);
        assert_eq!(name("  Ștefan\u{0}\tIon "), Ok("Ștefan Ion".to_owned()));
        assert_eq!(name("<b>x</b>"), Ok("<b>x</b>".to_owned()));
        assert_eq!(name(" \n ").unwrap_err().code, "identity-name-empty");
        assert_eq!(name(&"x".repeat(101)).unwrap_err().code, "identity-name-too-long");
        assert_eq!(initials("Ana Maria Popescu"), "AP");
        assert_eq!(initials("ștefan"), "Ș");
    }

    #[test]
    fn a_role_gets_a_code_from_its_name() {
        assert_eq!(role_code("Șef depozit").as_deref(), Ok("sef_depozit"));
        assert_eq!(role_code("2 Marketing & SEO!").as_deref(), Ok("marketing_seo"));
        assert!(role_code("电商").is_err());
        assert!(role_code("").is_err());
    }
}
