//! The file as it is written: what may stand where.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// Text, and where it stands.
pub(crate) type Text = Spanned<String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatrixFile {
    pub(crate) trial: Spanned<TrialTable>,
    #[serde(default)]
    pub(crate) oracle: OracleTable,
    #[serde(default)]
    pub(crate) budget: BudgetTable,
    #[serde(default)]
    pub(crate) judge: JudgeTable,
    pub(crate) factor: Spanned<Vec<FactorTable>>,
    #[serde(default)]
    pub(crate) exclude: Vec<Spanned<BTreeMap<Text, OneOrMore>>>,
    pub(crate) reference: Option<Spanned<BTreeMap<Text, Text>>>,
    pub(crate) near: Option<Spanned<u64>>,
    pub(crate) bisect: Option<BisectTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DuelFile {
    pub(crate) trials: Spanned<SidesTable>,
    #[serde(default)]
    pub(crate) oracle: OracleTable,
    #[serde(default)]
    pub(crate) budget: BudgetTable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrialTable {
    pub(crate) command: Text,
    pub(crate) prepare: Option<Text>,
    pub(crate) directory: Option<Text>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<Text, Text>,
    pub(crate) perturb: Option<String>,
    pub(crate) seed: Option<Spanned<u64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SidesTable {
    pub(crate) before: Text,
    pub(crate) after: Text,
    pub(crate) prepare: Option<Text>,
    pub(crate) directory: Option<Text>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<Text, Text>,
    pub(crate) perturb: Option<String>,
    pub(crate) seed: Option<Spanned<u64>>,
    pub(crate) residual: Option<Text>,
    pub(crate) confidence: Option<Text>,
    pub(crate) baseline: Option<BaselineTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaselineTable {
    pub(crate) failures: u64,
    pub(crate) trials: Spanned<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OracleTable {
    pub(crate) fail_on: Option<Text>,
    pub(crate) operations: Option<Text>,
    pub(crate) operation: Option<Text>,
    pub(crate) timeout: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetTable {
    pub(crate) trials: Option<Spanned<u64>>,
    #[serde(rename = "for")]
    pub(crate) duration: Option<Text>,
    pub(crate) jobs: Option<Spanned<u64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JudgeTable {
    pub(crate) worth: Option<Text>,
    pub(crate) confidence: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FactorTable {
    pub(crate) name: Text,
    pub(crate) levels: Spanned<Vec<Text>>,
    pub(crate) without: Option<Text>,
    #[serde(default)]
    pub(crate) layers: BTreeMap<Text, Vec<Text>>,
    #[serde(default)]
    pub(crate) level: BTreeMap<Text, LevelTable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LevelTable {
    pub(crate) command: Option<Text>,
    pub(crate) prepare: Option<Text>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<Text, Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BisectTable {
    pub(crate) factor: Text,
    pub(crate) from: Option<Text>,
    pub(crate) to: Option<Text>,
}

/// `"v1"` or `["v1", "v2"]`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub(crate) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}
