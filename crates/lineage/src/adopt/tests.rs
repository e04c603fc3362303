//! Directories of other tools: what is said about them, and the chain that is written.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::python::parse;
use super::{Adopt, AdoptReport, Tool, adopt};
use crate::core::chain::Chain;
use crate::core::commands::CommandError;
use crate::core::finding::Rule;
use crate::core::report::{Exit, Report as _};
use crate::lint::{LintOptions, lint};

const HEAD: &str = "\"\"\"Title\n\nCreate Date: 2024-05-06 07:08:09\n\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n";

fn python(id: &str, parent: &str, up: &str, down: &str) -> String {
    let indented = |body: &str| format!("    {}\n", body.replace('\n', "\n    "));
    format!(
        "{HEAD}\nrevision: str = \"{id}\"\ndown_revision = {parent}\n\n\ndef upgrade() -> None:\n{}\n\ndef downgrade() -> None:\n{}",
        indented(up),
        indented(down)
    )
}

fn directory(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn look(dir: &Path, tool: Tool, into: Option<&Path>) -> AdoptReport {
    let options = LintOptions::default();
    let wanted = Adopt {
        tool,
        from: dir,
        into,
        options: &options,
    };
    adopt(&wanted).unwrap()
}

/// `RULE file:line` of every finding but I01, which says nothing about the reading.
fn found(dir: &Path, report: &AdoptReport) -> Vec<String> {
    let home = format!("{}/", dir.display());
    let findings = report.found.findings.iter().filter(|one| one.rule != Rule::I01);
    findings
        .map(|one| {
            format!(
                "{} {}:{}",
                one.rule,
                one.place.file.replace(&home, ""),
                one.place.line
            )
        })
        .collect()
}

/// The SQL of the ways up and back of one revision.
#[track_caller]
fn check(up: &str, expected: &str) {
    let dir = directory(&[(
        "versions/a.py",
        &python("a", "None", up, "op.execute(\"SELECT 1\")"),
    )]);
    let into = dir.path().join("new");
    let report = look(dir.path(), Tool::Alembic, Some(&into));
    let file = report.revisions[0]
        .file
        .clone()
        .unwrap_or_else(|| panic!("{}", report.render_text()));
    let text = fs::read_to_string(file).unwrap();
    let sql = text
        .split("-- >> up\n")
        .nth(1)
        .unwrap()
        .split("\n\\quit")
        .next()
        .unwrap();
    assert_eq!(sql.trim_end(), expected.trim_end(), "\n{up}");
}

#[test]
fn operations_become_the_sql_that_alembic_sends() {
    check(
        "op.create_table(\n    'invoice',\n    sa.Column('id', sa.Integer(), nullable=False),\n    sa.Column('code', sa.String(length=20), nullable=False, unique=True, comment='c'),\n    sa.Column('user', postgresql.UUID(as_uuid=True), index=True),\n    sa.Column('paid', sa.Boolean, server_default=sa.text('false')),\n    sa.Column('note', sa.Text(), server_default=''),\n    sa.Column('total', sa.Numeric(14, 4)),\n    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.func.now()),\n    sa.Column('tags', postgresql.ARRAY(sa.Text())),\n    sa.Column('by', sa.BigInteger, sa.ForeignKey('app.users.id', ondelete='SET NULL')),\n    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice')),\n    sa.CheckConstraint('total >= 0', name='positive'),\n    sa.ForeignKeyConstraint(['code'], ['codes.code'], ),\n    schema='app',\n)",
        "CREATE TABLE app.invoice (\n    id serial NOT NULL,\n    code varchar(20) NOT NULL UNIQUE,\n    \"user\" uuid,\n    paid boolean DEFAULT false,\n    note text DEFAULT '',\n    total numeric(14, 4),\n    at timestamptz DEFAULT now(),\n    tags text[],\n    by bigint REFERENCES app.users (id) ON DELETE SET NULL,\n    CONSTRAINT pk_invoice PRIMARY KEY (id),\n    CONSTRAINT positive CHECK (total >= 0),\n    FOREIGN KEY (code) REFERENCES codes (code)\n);\nCREATE INDEX ix_invoice_user ON app.invoice (\"user\");",
    );
    check(
        "op.add_column('t', sa.Column('n', sa.BigInteger(), sa.Identity(always=True)))\nop.drop_column('t', 'm')\nop.rename_table('t', 'Odd Name')\nop.drop_table('u', schema='app')",
        "ALTER TABLE t ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY;\nALTER TABLE t DROP COLUMN m;\nALTER TABLE t RENAME TO \"Odd Name\";\nDROP TABLE app.u;",
    );
    check(
        "op.create_index(op.f('ix'), 't', ['a', sa.text('lower(b)')], unique=True, postgresql_where=sa.text('a > 0'), postgresql_using='btree')\nop.create_index('ig', 't', ['a'], postgresql_using='gin', postgresql_ops={'a': 'gin_trgm_ops'})\nop.drop_index('ix', table_name='t', if_exists=True)",
        "CREATE UNIQUE INDEX ix ON t USING btree (a, lower(b)) WHERE a > 0;\nCREATE INDEX ig ON t USING gin (a gin_trgm_ops);\nDROP INDEX IF EXISTS ix;",
    );
    check(
        "op.create_foreign_key(None, 't', 'u', ['a'], ['id'], ondelete='CASCADE', source_schema='app')\nop.create_unique_constraint('uq', 't', ['a', 'b'])\nop.create_check_constraint('ck', 't', 'a > 0')\nop.drop_constraint('uq', 't', type_='unique')",
        "ALTER TABLE app.t ADD FOREIGN KEY (a) REFERENCES u (id) ON DELETE CASCADE;\nALTER TABLE t ADD CONSTRAINT uq UNIQUE (a, b);\nALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0);\nALTER TABLE t DROP CONSTRAINT uq;",
    );
    check(
        "op.alter_column('t', 'a', existing_type=sa.Integer(), type_=sa.BigInteger(), nullable=False, server_default=None, postgresql_using='a::bigint')\nop.alter_column('t', 'a', new_column_name='b', existing_nullable=True)",
        "ALTER TABLE t ALTER COLUMN a TYPE bigint USING a::bigint;\nALTER TABLE t ALTER COLUMN a DROP DEFAULT;\nALTER TABLE t ALTER COLUMN a SET NOT NULL;\nALTER TABLE t RENAME COLUMN a TO b;",
    );
    check(
        "with op.batch_alter_table('t', schema=None) as batch_op:\n    batch_op.add_column(sa.Column('a', sa.Date()))\n    batch_op.create_index(batch_op.f('ix'), ['a'], unique=False)\n    batch_op.create_foreign_key('fk', 'u', ['a'], ['id'])\n    batch_op.alter_column('a', nullable=False)\n    batch_op.drop_constraint('old', type_='check')",
        "ALTER TABLE t ADD COLUMN a date;\nCREATE INDEX ix ON t (a);\nALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES u (id);\nALTER TABLE t ALTER COLUMN a SET NOT NULL;\nALTER TABLE t DROP CONSTRAINT old;",
    );
}

#[test]
fn sql_guards_values_and_helpers_are_read() {
    check(
        "bind = op.get_bind()\nop.execute(\"UPDATE t SET a = 'x' \"\n           \"WHERE a IS NULL\")\nop.execute(sa.text(\"\"\"\n    CREATE TABLE u (a int);\n    CREATE TABLE v (a int)\n\"\"\"))",
        "UPDATE t SET a = 'x' WHERE a IS NULL;\n\n        CREATE TABLE u (a int);\n        CREATE TABLE v (a int);",
    );
    check(
        "inspector = sa.inspect(op.get_bind())\ncolumns = [c['name'] for c in inspector.get_columns('t')]\nif 'a' not in columns:\n    op.add_column('t', sa.Column('a', sa.Text()))\nif not inspector.has_table('u'):\n    op.create_table('u', sa.Column('id', sa.Integer(), primary_key=True))\nif op.get_bind().dialect.name == 'postgresql':\n    op.drop_table('w')",
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS a text;\nCREATE TABLE IF NOT EXISTS u (\n    id serial,\n    PRIMARY KEY (id)\n);\nDROP TABLE w;",
    );
    check(
        "mood = sa.Enum('sad', \"it's\", name='mood')\nmood.create(op.get_bind(), checkfirst=True)\nNAME = 't'\nop.add_column(NAME, sa.Column('m', mood))",
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_type WHERE typname = 'mood') THEN CREATE TYPE mood AS ENUM ('sad', 'it''s'); END IF; END $$;\nALTER TABLE t ADD COLUMN m mood;",
    );
    let with_helper = python("a", "None", "_make()", "op.drop_table('t')")
        + "\ndef _make():\n    op.create_table('t', sa.Column('a', sa.Text))\n";
    let dir = directory(&[("versions/a.py", &with_helper)]);
    assert_eq!(
        look(dir.path(), Tool::Alembic, None)
            .found
            .findings
            .iter()
            .filter(|one| one.is_error())
            .count(),
        0
    );
}

#[test]
fn what_is_not_literal_is_marked_and_does_not_run() {
    let up = "op.create_table('t', sa.Column('a', sa.Text))\nfor name in ('a', 'b'):\n    op.drop_column('t', name)\nop.execute(f\"DROP TABLE {x}\")\nif inspector.has_table('other'):\n    op.add_column('t', sa.Column('z', sa.Text))";
    let dir = directory(&[("versions/a.py", &python("a", "None", up, "op.drop_table('t')"))]);
    let into = dir.path().join("new");
    let report = look(dir.path(), Tool::Alembic, Some(&into));
    let opaque: Vec<String> = found(dir.path(), &report)
        .into_iter()
        .filter(|one| one.starts_with("I03"))
        .collect();
    assert_eq!(
        opaque,
        [
            "I03 versions/a.py:14",
            "I03 versions/a.py:16",
            "I03 versions/a.py:18"
        ]
    );
    assert_eq!(report.revisions[0].unread, 3);
    let chain = Chain::read_dir(&into).unwrap();
    assert!(!chain.is_sound());
    let marks: Vec<Rule> = chain.findings().iter().map(|one| one.rule).collect();
    assert_eq!(marks, [Rule::A05, Rule::A05, Rule::A05]);
    let text = fs::read_to_string(report.revisions[0].file.as_ref().unwrap()).unwrap();
    assert!(
        text.contains("versions/a.py:14: for name in ('a', 'b'):\n"),
        "{text}"
    );
}

#[test]
fn the_rules_speak_of_lines_in_python() {
    let table = |id: &str, parent: &str, extra: &str| {
        python(
            id,
            parent,
            &format!(
                "op.create_table(\n    'orders',\n    sa.Column('id', sa.Integer, primary_key=True),\n)\n{extra}"
            ),
            "op.drop_table('orders')",
        )
    };
    let index = |id: &str, parent: &str, column: &str| {
        python(
            id,
            parent,
            &format!("op.create_index('ix', 'orders', ['{column}'], if_not_exists=True)"),
            "op.drop_index('ix', if_exists=True)",
        )
    };
    let dir = directory(&[
        (
            "versions/1.py",
            &table("r1", "None", "op.add_column('orders', sa.Column('at', sa.Date))"),
        ),
        ("versions/2.py", &index("r2", "\"r1\"", "id")),
        ("versions/3.py", &index("r3", "\"r2\"", "at")),
        ("versions/4.py", &python("r4", "\"r1\"", "pass", "pass")),
        ("env.py", "context.run_migrations()"),
    ]);
    let report = look(dir.path(), Tool::Alembic, None);
    let lines = found(dir.path(), &report);
    let expected = [
        "A01 versions/4.py:16",
        "A03 env.py:0",
        "D02 versions/3.py:13",
        "G02 versions/4.py:9",
    ];
    for line in expected {
        assert!(
            lines.iter().any(|found| found == line),
            "{line} is not in {lines:?}"
        );
    }
    let hidden = report
        .found
        .findings
        .iter()
        .find(|one| one.rule == Rule::D02)
        .unwrap();
    assert_eq!(hidden.related[0].place.line, 13);
    assert!(hidden.related[0].place.file.ends_with("versions/2.py"));
    assert_eq!(
        hidden.place.text.trim(),
        "op.create_index('ix', 'orders', ['at'], if_not_exists=True)"
    );
    assert_eq!((report.exit(), hidden.patch.is_none()), (Exit::Findings, true));
}

#[test]
fn an_index_that_a_crash_would_leave_invalid_is_named() {
    let up = "with op.get_context().autocommit_block():\n    op.create_index('ix', 't', ['a'], if_not_exists=True, postgresql_concurrently=True)";
    let dir = directory(&[("versions/a.py", &python("a", "None", up, "op.drop_index('ix')"))]);
    let into = dir.path().join("new");
    let report = look(dir.path(), Tool::Alembic, Some(&into));
    assert!(
        found(dir.path(), &report).contains(&"A04 versions/a.py:14".to_owned()),
        "{}",
        report.render_text()
    );
}

#[test]
fn a_file_that_python_refuses_is_located_and_the_rest_is_judged() {
    let broken = python(
        "b",
        "'a'",
        "op.create_table('u', sa.Column('x', sa.Text)",
        "op.drop_table('u')",
    );
    let twice = python(
        "c",
        "'b'",
        "op.create_table('t', sa.Column('a', sa.Text))",
        "pass",
    );
    let dir = directory(&[
        (
            "versions/a.py",
            &python(
                "a",
                "None",
                "op.create_table('t', sa.Column('a', sa.Text))",
                "op.drop_table('t')",
            ),
        ),
        ("versions/b.py", &broken),
        ("versions/c.py", &twice),
        ("versions/__init__.py", ""),
    ]);
    let into = dir.path().join("new");
    let report = look(dir.path(), Tool::Alembic, Some(&into));
    let lines = found(dir.path(), &report);
    assert!(lines.contains(&"A06 versions/b.py:13".to_owned()), "{lines:?}");
    assert!(lines.contains(&"D03 versions/c.py:13".to_owned()), "{lines:?}");
    assert!(
        !into.exists(),
        "nothing is written while the order or a text is not known"
    );
    assert_eq!(report.revisions.len(), 3);
}

#[test]
fn what_python_takes_is_no_fault() {
    let fine = [
        "x: dict[str, int] = {'a': 1}\n",
        "def f(a: int = 1, *b, **c) -> None:\n    return a if a else b[1:2]\n",
        "if x: y = 1\nelse: y = 2\n",
        "match = 1\ntype = 'a'\nprint(match)\n",
        "match x:\n    case 1:\n        pass\n",
        "x = (yield)\nawait_ = lambda a: a + 1\n",
        "try:\n    pass\nexcept (A, B) as e:\n    raise\nelse:\n    pass\nfinally:\n    pass\n",
        "with a() as b, c():\n    pass\n",
        "@decorated(1)\nclass A(B):\n    'doc'\n    x = 1\n",
        "s = r'\\d' b'x' if 1 else f\"{a!r:>{width}}\" 'c'\n",
        "x = [a for a in b if a not in c]\nassert x, 'm'\ndel x\n",
        "a = 1; b = 2\nif a:\n\tpass\n# comment\n\n    # indented comment\nc = '''a\nb'''\n",
        "x = not a\ny = a is not None\nz = 1_000 .real\n",
        "async def f():\n    async with x as y:\n        await z\n",
        "for i, j in enumerate(a): pass\nwhile True:\n    break\n",
        "x = \\\n    1\n",
    ];
    for text in fine {
        assert_eq!(parse(text).1, [], "{text}");
    }
    let wrong = [
        ("a = (1\n", 1),
        ("a = 'x\nb = 1\n", 1),
        ("a = [1)\n", 1),
        ("a)\n", 1),
        ("def f()\n    pass\n", 1),
        ("def f():\npass\n", 1),
        ("x = 1\n  y = 2\n", 2),
        ("if x:\n        a = 1\n    b = 2\n", 3),
        ("revision 'a'\n", 1),
        ("a = 1 2\n", 1),
        ("'''never\nclosed\n", 1),
    ];
    for (text, line) in wrong {
        let faults = parse(text).1;
        assert_eq!(
            faults.first().map(|fault| fault.line),
            Some(line),
            "{text}: {faults:?}"
        );
    }
}

#[test]
fn branches_become_a_line_in_the_order_of_time() {
    let dated = |id: &str, parent: &str, date: &str| {
        python(
            id,
            parent,
            &format!("op.create_table('t_{id}', sa.Column('a', sa.Text))"),
            &format!("op.drop_table('t_{id}')"),
        )
        .replace("2024-05-06", date)
    };
    let dir = directory(&[
        ("a.py", &dated("Root-1", "None", "2024-01-01")),
        ("b.py", &dated("late", "'Root-1'", "2024-03-01")),
        ("c.py", &dated("early", "'Root-1'", "2024-02-01")),
        ("d.py", &dated("merge", "('late', 'early')", "2024-04-01")),
    ]);
    let into = dir.path().join("new");
    let report = look(dir.path(), Tool::Alembic, Some(&into));
    let ids: Vec<&str> = report.revisions.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["root_1", "early", "late", "merge"]);
    let chain = Chain::read_dir(&into).unwrap();
    assert!(chain.is_sound(), "{:?}", chain.findings());
    assert_eq!(chain.findings(), []);
    assert!(
        report.revisions[1]
            .file
            .as_ref()
            .unwrap()
            .ends_with("20240201T0708_title__early.sql")
    );
    let clean = lint(&chain, &LintOptions::default());
    assert_eq!(clean.exit(), Exit::Fine, "{}", clean.render_text());
    let options = LintOptions::default();
    let again = Adopt {
        tool: Tool::Alembic,
        from: dir.path(),
        into: Some(&into),
        options: &options,
    };
    assert!(matches!(adopt(&again), Err(CommandError::Refused { .. })));
}

/// Tool, files, ids in order, rules that speak.
type PlainCase = (
    Tool,
    Vec<(&'static str, &'static str)>,
    Vec<&'static str>,
    Vec<&'static str>,
);

fn plain_cases() -> [PlainCase; 4] {
    [
        (
            Tool::Flyway,
            vec![
                ("V1__first.sql", "CREATE TABLE a (x int);"),
                ("V1.10__tenth.sql", "CREATE TABLE c (x int);"),
                ("V1.2__second.sql", "CREATE TABLE b (x int);"),
                ("U1__first.sql", "DROP TABLE a;"),
                ("R__view.sql", "CREATE VIEW v AS SELECT x FROM c;"),
                ("notes.sql", "SELECT 1;"),
            ],
            vec!["1", "1_2", "1_10", "r_view"],
            vec!["A01", "A01", "A01", "A06", "A07"],
        ),
        (
            Tool::GolangMigrate,
            vec![
                ("000001_a.up.sql", "BEGIN;\nCREATE TABLE a (x int);\nCOMMIT;"),
                ("000001_a.down.sql", "DROP TABLE a;"),
                ("000002_b.up.sql", "ALTER TABLE gone ADD COLUMN y int;"),
                ("000002_b.down.sql", "ALTER TABLE gone DROP COLUMN y;"),
            ],
            vec!["000001", "000002"],
            vec!["O05", "R02"],
        ),
        (
            Tool::Dbmate,
            vec![
                (
                    "1_a.sql",
                    "-- migrate:up\nCREATE TABLE a (x int);\n\n-- migrate:down\nDROP TABLE a;\n",
                ),
                (
                    "2_b.sql",
                    "-- migrate:up\nCREATE TABLE a (y int);\n-- migrate:down\n",
                ),
                ("3_c.sql", "CREATE TABLE c (y int);\n"),
            ],
            vec!["1", "2", "3"],
            vec!["A01", "A01", "A06", "D03", "G06"],
        ),
        (
            Tool::Sqlx,
            vec![
                ("1_a.sql", "CREATE TABLE a (x int);"),
                ("2_b.up.sql", "DROP TABLE b;"),
                ("2_b.down.sql", "SELECT 1;"),
            ],
            vec!["1", "2"],
            vec!["A01", "O05"],
        ),
    ]
}

#[test]
fn directories_of_plain_sql_are_read() {
    for (tool, files, ids, rules) in plain_cases() {
        let dir = directory(&files);
        let report = look(dir.path(), tool, None);
        let own: Vec<&str> = report.revisions.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(own, ids, "{tool:?}");
        let mut seen: Vec<String> = found(dir.path(), &report)
            .iter()
            .map(|line| line[..3].to_owned())
            .filter(|rule| rule != "U01" && !rule.starts_with('L'))
            .collect();
        seen.sort();
        assert_eq!(seen, rules, "{tool:?}: {}", report.render_text());
    }
    let dir = directory(&[(
        "000002_b.up.sql",
        "SELECT 1;\n\nALTER TABLE gone ADD COLUMN y int;",
    )]);
    let report = look(dir.path(), Tool::GolangMigrate, None);
    assert!(found(dir.path(), &report).contains(&"O05 000002_b.up.sql:3".to_owned()));
}

#[test]
fn an_empty_or_missing_directory_is_said() {
    let dir = tempfile::tempdir().unwrap();
    for tool in [
        Tool::Alembic,
        Tool::Flyway,
        Tool::GolangMigrate,
        Tool::Dbmate,
        Tool::Sqlx,
    ] {
        let report = look(dir.path(), tool, None);
        assert_eq!(
            (report.found.findings[0].rule, report.exit()),
            (Rule::A06, Exit::Fine),
            "{tool:?}"
        );
    }
    fs::write(dir.path().join("a.py"), [0xff, 0xfe, 0x00]).unwrap();
    assert!(found(dir.path(), &look(dir.path(), Tool::Alembic, None)).contains(&"A06 a.py:0".to_owned()));
    let options = LintOptions::default();
    let gone = dir.path().join("gone");
    let wanted = Adopt {
        tool: Tool::Alembic,
        from: &gone,
        into: None,
        options: &options,
    };
    assert_eq!(adopt(&wanted).unwrap_err().exit(), Exit::Usage);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_read_as_python(text in "[-a-z0-9_ ()\\[\\]{}:,.='\"#\\\\\n\t@f+]{0,200}") {
        let (_, faults) = parse(&text);
        prop_assert!(faults.iter().all(|fault| fault.line >= 1 && fault.line <= text.matches('\n').count() + 1));
    }

    #[test]
    fn any_bytes_are_adopted_or_reported(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("1_a.sql"), &bytes).unwrap();
        fs::write(dir.path().join("a.py"), &bytes).unwrap();
        for tool in [Tool::Alembic, Tool::Dbmate, Tool::Sqlx] {
            prop_assert!(!look(dir.path(), tool, None).render_text().is_empty());
        }
    }

    #[test]
    fn any_mix_of_operations_is_adopted(lines in proptest::collection::vec(proptest::sample::select(vec![
        "op.create_table('t', sa.Column('a', sa.Text))", "op.drop_table('t')", "if x:", "    pass", "    op.execute('SELECT 1')",
        "with op.batch_alter_table('t') as b:", "    b.drop_column('a')", "op.execute(", ")", "'''", "return", "for a in b:", "\top.x()",
        "op.execute(\"\"\"-- >> down\n\\\\quit\"\"\")", "mood = sa.Enum('a', name='m')", "mood.create()", "else:", "x = op.f('a')",
    ]), 0..12)) {
        let dir = directory(&[("a.py", &python("a", "None", &lines.join("\n"), "pass"))]);
        let into = dir.path().join("new");
        let report = look(dir.path(), Tool::Alembic, Some(&into));
        prop_assert!(!report.render_text().is_empty());
        prop_assert_eq!(into.exists(), report.revisions.iter().all(|one| one.file.is_some()));
    }
}
