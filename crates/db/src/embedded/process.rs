//! The postmaster as a process: is it there, is it ours, start it, wait until it answers, end it.
//! A process is signalled only after it was seen to be a `postgres` of our account in our cluster's
//! directory; its pid file is removed only when its pid now belongs to something else and nothing of
//! ours is left running, because that file is PostgreSQL's own guard against two servers on one cluster.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::process::Child;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::account::Account;
use super::binaries::Binaries;
use super::connect::{Answer, ask};
use super::error::{EmbeddedError, IoContext as _};
use super::layout::{Layout, Secret};
use super::logs::startup_words;

/// Replaying 1 GB of WAL from a slow disk takes minutes; longer than this is a fault.
const START_MAX: Duration = Duration::from_mins(5);
/// A fast stop writes a checkpoint: up to `shared_buffers` of dirty pages.
const FAST_STOP_MAX: Duration = Duration::from_mins(1);
/// An immediate stop writes nothing; the postmaster itself kills its children after 5 s.
const IMMEDIATE_STOP_MAX: Duration = Duration::from_secs(15);
const KILLED_MAX: Duration = Duration::from_secs(5);

const POLL: Duration = Duration::from_millis(50);
const PROGRESS_EVERY: Duration = Duration::from_secs(3);

/// A running postmaster: our child, or one that outlived an earlier MagFlow.
#[derive(Debug)]
pub(super) struct Postmaster {
    pub(super) pid: Pid,
    pub(super) port: u16,
    child: Option<Child>,
}

/// The first lines of `postmaster.pid`.
#[derive(Debug, PartialEq, Eq)]
struct PidFile {
    pid: i32,
    port: u16,
}

impl PidFile {
    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().collect();
        let pid = lines.first()?.trim().parse().ok().filter(|pid| *pid > 1)?;
        // The port is not written yet in the first moments of a start.
        let port = lines
            .get(3)
            .and_then(|line| line.trim().parse().ok())
            .unwrap_or(0);
        Some(Self { pid, port })
    }
}

fn pid_file(layout: &Layout) -> PathBuf {
    layout.cluster().join("postmaster.pid")
}

/// A postmaster that is running on our cluster already.
pub(super) fn survivor(layout: &Layout, account: &Account) -> Option<Postmaster> {
    let text = fs::read_to_string(pid_file(layout)).ok()?;
    let found = PidFile::parse(&text)?;
    let pid = Pid::from_raw(found.pid)?;
    is_ours(pid, &layout.cluster(), account).then_some(Postmaster {
        pid,
        port: found.port,
        child: None,
    })
}

/// Whether this is a live `postgres` of our account working in our cluster.
fn is_ours(pid: Pid, cluster: &Path, account: &Account) -> bool {
    if !is_alive(pid) {
        return false;
    }
    if !has_proc() {
        // Without /proc the process cannot be looked at; the caller still asks the server who it is.
        return true;
    }
    let dir = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
    let owned = fs::metadata(&dir).is_ok_and(|meta| meta.uid() == account.uid());
    let here = fs::read_link(dir.join("cwd")).is_ok_and(|cwd| cwd == cluster);
    // After an upgrade of the package the link reads "…/postgres (deleted)".
    let postgres = fs::read_link(dir.join("exe"))
        .ok()
        .and_then(|exe| {
            exe.file_name()
                .and_then(|name| name.to_str())
                .map(|name| name.starts_with("postgres"))
        })
        .unwrap_or(false);
    owned && here && postgres
}

fn has_proc() -> bool {
    Path::new("/proc/self/stat").exists()
}

/// Whether the process runs; a zombie that nobody has collected does not.
fn is_alive(pid: Pid) -> bool {
    if rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH) {
        return false;
    }
    match fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())) {
        // The state follows the name, which stands in brackets and may itself hold any character.
        Ok(stat) => stat
            .rsplit_once(") ")
            .is_none_or(|(_, rest)| !rest.starts_with('Z')),
        Err(_) => !has_proc(),
    }
}

/// Every `postgres` of ours in the cluster, as backends that outlived their killed postmaster.
fn strays(layout: &Layout, account: &Account) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let cluster = layout.cluster();
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(Pid::from_raw)
        .filter(|pid| is_ours(*pid, &cluster, account))
        .collect()
}

/// Clears the way for a new postmaster once no old one runs: ends stray backends, then removes what a
/// dead server left that would keep PostgreSQL from starting.
pub(super) async fn clear_remains(layout: &Layout, account: &Account) -> Result<(), EmbeddedError> {
    for (signal, patience) in [(Signal::QUIT, IMMEDIATE_STOP_MAX), (Signal::KILL, KILLED_MAX)] {
        let left = strays(layout, account);
        if left.is_empty() {
            break;
        }
        warn!("ending {} PostgreSQL processes whose server is gone", left.len());
        for pid in left {
            signal_process(pid, signal)?;
        }
        let deadline = Instant::now() + patience;
        while !strays(layout, account).is_empty() && Instant::now() < deadline {
            sleep(POLL).await;
        }
    }
    if let Some(pid) = strays(layout, account).first() {
        let seconds = (IMMEDIATE_STOP_MAX + KILLED_MAX).as_secs();
        return Err(EmbeddedError::StopTimeout {
            pid: pid.as_raw_nonzero().get().unsigned_abs(),
            seconds,
        });
    }
    forget_used_pid(layout)?;
    remove_sockets(layout)
}

/// PostgreSQL itself sees through a pid file whose pid is free again. It would refuse for good when the
/// pid was given to another process since (after a reboot, say), or when the dead server stays a zombie
/// because process 1 of a container collects nobody.
fn forget_used_pid(layout: &Layout) -> Result<(), EmbeddedError> {
    let path = pid_file(layout);
    let Ok(text) = fs::read_to_string(&path) else {
        return Ok(());
    };
    let used = PidFile::parse(&text)
        .and_then(|found| Pid::from_raw(found.pid))
        .is_none_or(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH));
    if used && has_proc() {
        info!("removing {}: its process is gone", path.display());
        fs::remove_file(&path).doing("remove", &path)?;
    }
    Ok(())
}

fn remove_sockets(layout: &Layout) -> Result<(), EmbeddedError> {
    let dir = layout.socket_dir();
    for entry in fs::read_dir(&dir).doing("read", &dir)? {
        let entry = entry.doing("read", &dir)?;
        if entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(".s.PGSQL."))
        {
            fs::remove_file(entry.path()).doing("remove", &entry.path())?;
        }
    }
    Ok(())
}

fn signal_process(pid: Pid, signal: Signal) -> Result<(), EmbeddedError> {
    match rustix::process::kill_process(pid, signal) {
        // Gone already is what was wanted.
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(errno) => Err(EmbeddedError::Io {
            doing: "signal the process of",
            path: PathBuf::from(format!("pid {}", pid.as_raw_nonzero())),
            source: errno.into(),
        }),
    }
}

impl Postmaster {
    /// Starts `postgres` on the written settings; it is not ready yet.
    pub(super) fn spawn(
        layout: &Layout,
        account: &Account,
        binaries: &Binaries,
        port: u16,
    ) -> Result<Self, EmbeddedError> {
        let out_path = layout.startup_output();
        let out = fs::File::create(&out_path).doing("create", &out_path)?;
        let err = out.try_clone().doing("open", &out_path)?;
        let program = binaries.postgres();
        let child = account
            .command(&program, &layout.pg_root())
            .arg("-D")
            .arg(layout.cluster())
            .arg("-c")
            .arg(format!("config_file={}", layout.config().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::from(out))
            .stderr(Stdio::from(err))
            // Ctrl-C at the terminal is for us: the database must outlive our own clean-up.
            .process_group(0)
            .spawn()
            .doing("run", &program)?;
        let raw = child.id().and_then(|id| i32::try_from(id).ok());
        match raw.and_then(Pid::from_raw) {
            Some(pid) => Ok(Self {
                pid,
                port,
                child: Some(child),
            }),
            None => Err(EmbeddedError::EndedEarly {
                output: startup_words(layout),
            }),
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Whether it runs; collects our child when it has ended.
    pub(super) fn is_running(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => is_alive(self.pid),
        }
    }

    /// Waits until it accepts connections and proves to serve our cluster.
    pub(super) async fn wait_ready(&mut self, layout: &Layout, secret: &Secret) -> Result<(), EmbeddedError> {
        let started = Instant::now();
        let mut told = started;
        loop {
            match ask(self.port, secret, &layout.cluster()).await? {
                Answer::Ready => return Ok(()),
                Answer::NotYet => {}
            }
            if !self.is_running() {
                return Err(EmbeddedError::EndedEarly {
                    output: startup_words(layout),
                });
            }
            if started.elapsed() > START_MAX {
                let seconds = START_MAX.as_secs();
                return Err(EmbeddedError::StartTimeout {
                    seconds,
                    output: startup_words(layout),
                });
            }
            if told.elapsed() >= PROGRESS_EVERY {
                told = Instant::now();
                let elapsed_s = started.elapsed().as_secs();
                info!(
                    event = "postgres_starting",
                    elapsed_s, "PostgreSQL is starting: {elapsed_s} s so far"
                );
            }
            sleep(POLL).await;
        }
    }

    /// Asks for a fast stop and returns at once.
    pub(super) fn ask_to_stop(&self) -> Result<(), EmbeddedError> {
        signal_process(self.pid, Signal::INT)
    }

    /// Ends it: fast (open transactions are rolled back, a checkpoint is written), then immediate.
    pub(super) async fn stop(&mut self) -> Result<(), EmbeddedError> {
        for (signal, patience) in [(Signal::INT, FAST_STOP_MAX), (Signal::QUIT, IMMEDIATE_STOP_MAX)] {
            if !self.is_running() {
                return Ok(());
            }
            signal_process(self.pid, signal)?;
            if self.wait_end(patience).await {
                return Ok(());
            }
            warn!(
                "PostgreSQL (process {}) did not stop in {} s",
                self.id(),
                patience.as_secs()
            );
        }
        let seconds = (FAST_STOP_MAX + IMMEDIATE_STOP_MAX).as_secs();
        Err(EmbeddedError::StopTimeout {
            pid: self.id(),
            seconds,
        })
    }

    async fn wait_end(&mut self, patience: Duration) -> bool {
        let started = Instant::now();
        let mut told = started;
        while self.is_running() {
            if started.elapsed() >= patience {
                return false;
            }
            if told.elapsed() >= PROGRESS_EVERY {
                told = Instant::now();
                let elapsed_s = started.elapsed().as_secs();
                info!(
                    event = "postgres_stopping",
                    elapsed_s, "PostgreSQL is stopping: {elapsed_s} s so far"
                );
            }
            sleep(POLL).await;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::PidFile;

    #[test]
    fn a_pid_file_is_read_in_every_stage_of_its_writing() {
        let whole = "4711\n/d/postgres/data\n1764032000\n23456\n/d/run\n127.0.0.1\n  123 45\nready   \n";
        assert_eq!(
            PidFile::parse(whole),
            Some(PidFile {
                pid: 4711,
                port: 23456
            })
        );
        assert_eq!(
            PidFile::parse("4711\n/d/postgres/data\n"),
            Some(PidFile { pid: 4711, port: 0 })
        );
        for broken in ["", "\n", "x\n", "-3\n", "1\n", "0\n", "99999999999\n"] {
            assert_eq!(PidFile::parse(broken), None, "{broken:?}");
        }
    }
}
