//! The door for tests, benchmarks and fuzzers: what they reach of this library, and nothing else does. Whatever is
//! neither used by the program nor named here is dead, and the compiler says so.

pub mod cli {
    pub use crate::command::Cli;
}
pub mod deadline {
    pub use crate::deadline::{
        DeadlineError, duration, human, local, parse_for, parse_until, relative, utc,
    };
}
pub mod error {
    pub use crate::error::Kind;
}
pub mod fuzzing {
    pub use crate::fuzzing::{
        Piece, Way, config, crontab_line, crontab_lines, crontab_notes, crontab_with,
        crontab_without, desk, document, exchange, printed, provider, secrets, secrets_in_pieces,
        sftp, shown, ssh_config, targets, way, with_target, without_target,
    };
}
pub mod grant {
    pub use crate::grant::{
        Access, Answer, Case, Grant, Layer, NewGrant, State, Supporter, UnixTime,
    };
}
pub mod ledger {
    pub use crate::ledger::{
        CaseFilter, Counts, Cursor, Entry, Event, EventFilter, Filter, Head, KeptTarget, Lease,
        Ledger, LedgerError, Location, Mode, Ration, SweepRun, VERSION, Verdict, lease_is_dead,
        seal_of_case, seal_of_grant,
    };
}
pub mod lifecycle {
    pub mod difference {
        pub use crate::lifecycle::difference::{Difference, judge};
    }
    pub mod evidence {
        pub use crate::lifecycle::evidence::Evidence;
    }
}
pub mod lint {
    pub use crate::lint::{Finding, Kind};
}
pub mod machine {
    pub mod keyring {
        pub use crate::machine::keyring::{
            Availability, Dialog, Keyring, KeyringError, SecretKind, SecretName, instead,
        };
    }
    pub mod schedule {
        pub use crate::machine::schedule::{
            Choice, Cron, Job, Kind, Note, Period, Schedule, ScheduleError, Systemd,
            prove_unattended,
        };
    }
}
pub mod message {
    pub use crate::message::has;
}
pub mod policy {
    pub use crate::policy::{
        Declared, EnvironmentFinding, EnvironmentVerdict, Facts, NameProblem, Rule, ShopSignal,
        check_name, check_reference, check_sentence,
    };
}
pub mod promise {
    pub use crate::promise::{Asked, Promise};
}
pub mod public_key {
    pub use crate::public_key::{
        FILE_LIMIT, Kind, PublicKeyError, generate_key_pair, read_supporter_key,
    };
}
pub mod remote {
    pub mod clock {
        pub use crate::remote::clock::ServerTime;
    }
    pub mod inputs {
        pub use crate::remote::inputs::{CallInputs, of_layer};
    }
    pub mod provider {
        pub use crate::remote::provider::{Provider, Verb};
    }
    pub mod script {
        pub use crate::remote::script::{
            Answer, Framed, Input, LINES_LIMIT, OutputType, Outputs, Reply, TEXT_LIMIT, clean,
            frame_sh,
        };
    }
    pub mod server {
        pub use crate::remote::server::{Server, unusable};
    }
    pub mod session {
        pub use crate::remote::session::unreachable;
    }
}
pub mod secret {
    pub use crate::secret::{MadePassword, Secret, generate_password, random_id};
}
pub mod target {
    pub use crate::target::{
        Address, Elevation, Environment, Login, Target, check_name, check_path,
    };
    pub mod pin {
        pub use crate::target::pin::{HostKeyPin, fingerprint};
    }
}
pub mod text {
    pub use crate::text::is_steering;
}
pub mod transport {
    pub use crate::transport::{
        Ahead, Answer, Attempt, Connection, Outcome, Output, Reach, Route, STDERR_LIMIT,
        STDOUT_LIMIT, Script, SshEnvironment, TransportError, Unlock, fetch_host_key, own_key,
        try_login,
    };
    pub mod host_key {
        pub use crate::transport::host_key::{KnownHosts, Verdict, check_pins};
    }
}
