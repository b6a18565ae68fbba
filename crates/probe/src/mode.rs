//! The ways in which requests are sent: what real incidents took.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Mode {
    /// One after the other, for comparison: nothing else is under way.
    InTurn,
    /// On a connection that is kept open and used again.
    KeepAlive,
    /// On a connection of its own.
    NewConnection,
    /// With its last byte held back until other connections have come as far, so that all of them end at once.
    Burst,
    /// The client goes away before the answer comes. What is then left in the server's hands may be handed to somebody
    /// else, as redis-py's connections were in 2023.
    Cancelled,
    /// The client takes its time to read the answer.
    SlowReader,
    /// Several on one connection before the first answer.
    Pipelined,
    /// As one of several streams of an HTTP/2 connection.
    Stream,
}

impl Mode {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::InTurn,
        Self::KeepAlive,
        Self::NewConnection,
        Self::Burst,
        Self::Cancelled,
        Self::SlowReader,
        Self::Pipelined,
        Self::Stream,
    ];

    /// Those that a user can choose from.
    pub const CHOICE: [Self; 6] = [
        Self::KeepAlive,
        Self::NewConnection,
        Self::Burst,
        Self::Cancelled,
        Self::SlowReader,
        Self::Pipelined,
    ];

    /// Its name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::InTurn => "in-turn",
            Self::KeepAlive => "keep-alive",
            Self::NewConnection => "new-connection",
            Self::Burst => "burst",
            Self::Cancelled => "cancelled",
            Self::SlowReader => "slow-reader",
            Self::Pipelined => "pipelined",
            Self::Stream => "stream",
        }
    }

    /// How many of a hundred requests are sent so, where the user does not choose. Most of them plainly, since that is
    /// what most clients do and what is fastest; bursts next, for they overlap most surely.
    fn weight(self) -> u32 {
        match self {
            Self::KeepAlive | Self::Stream => 50,
            Self::Burst => 25,
            Self::NewConnection => 10,
            Self::Pipelined => 7,
            Self::Cancelled => 5,
            Self::SlowReader => 3,
            Self::InTurn => 0,
        }
    }
}

/// The name of a way that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no way to send requests; there are {names}", names = Mode::CHOICE.map(Mode::name).join(", "))]
pub struct UnknownMode(pub String);

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(name: &str) -> Result<Self, UnknownMode> {
        let known = Self::CHOICE.into_iter().find(|mode| mode.name() == name);
        known.ok_or_else(|| UnknownMode(name.to_owned()))
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Chooses among some modes, by their weights.
#[derive(Clone, Debug)]
pub(crate) struct Mixture {
    modes: Vec<Mode>,
    total: u32,
}

impl Mixture {
    /// Of these; of one alone everything.
    pub(crate) fn of(modes: &[Mode]) -> Self {
        let modes = if modes.is_empty() { vec![Mode::KeepAlive] } else { modes.to_vec() };
        let total = modes.iter().map(|mode| mode.weight().max(1)).sum();
        Self { modes, total }
    }

    /// One of them; `pick` draws a number below the one it is given.
    pub(crate) fn choose(&self, pick: impl FnOnce(u32) -> u32) -> Mode {
        if let [only] = self.modes[..] {
            return only;
        }
        let mut left = pick(self.total);
        for mode in &self.modes {
            let weight = mode.weight().max(1);
            if left < weight {
                return *mode;
            }
            left -= weight;
        }
        self.modes[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modes_stand_in_the_order_of_their_numbers() {
        assert!(Mode::ALL.iter().enumerate().all(|(index, mode)| *mode as usize == index));
    }

    #[test]
    fn each_mode_gets_its_share() {
        let mixture = Mixture::of(&Mode::CHOICE);
        let chosen: Vec<Mode> = (0..100).map(|number| mixture.choose(|_| number)).collect();
        let share = |wanted| chosen.iter().filter(|mode| **mode == wanted).count();
        assert_eq!((share(Mode::KeepAlive), share(Mode::Burst), share(Mode::SlowReader)), (50, 25, 3));
        assert_eq!(Mixture::of(&[Mode::Cancelled]).choose(|_| unreachable!()), Mode::Cancelled);
    }
}
