//! Custom code of versions: what a spec cannot say, as files of `src/custom`, on its way to the build.
//!
//! It lies sealed beside the spec, and an approval is for both. It is read by the lint before it is kept, before it is
//! approved, and before it is compiled; for its author's good, since what holds is the sandbox. A version that is made from a
//! prompt or a change has the code of the version before, until other code is sent, or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use generator::custom::{CustomCode, Finding, told};
use safeguards::sql;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use spec::ValidatedSpec;

use crate::Platform;
use crate::accounts::Owned;
use crate::error::{Refusal, Result};
use crate::ids::{AccountId, VersionId};
use crate::projects::Project;
use crate::sealing::Column;
use crate::versions::{self, Version};

/// Which custom code a new version has.
#[derive(Clone, Debug)]
pub enum Custom<'a> {
    /// That of the project's last version which was not put aside.
    OfLast,
    /// That of this version, whose plan is changed.
    Of(&'a Owned<Version>),
    /// This, or none where it is empty.
    Sent(CustomCode),
}

/// What differs between the custom code of two versions, by paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CodeDifference {
    /// Files that are new.
    pub added: Vec<String>,
    /// Files that say something else.
    pub changed: Vec<String>,
    /// Files that are gone.
    pub removed: Vec<String>,
}

impl CodeDifference {
    /// From one to the other.
    #[must_use]
    pub fn of(earlier: &CustomCode, later: &CustomCode) -> Self {
        let (earlier, later) = (earlier.files(), later.files());
        let named = |files: &BTreeMap<String, String>, wanted: &dyn Fn(&str, &str) -> bool| {
            files.iter().filter(|(path, text)| wanted(path, text)).map(|(path, _)| path.clone()).collect()
        };
        Self {
            added: named(later, &|path, _| !earlier.contains_key(path)),
            changed: named(later, &|path, text| earlier.get(path).is_some_and(|before| before != text)),
            removed: named(earlier, &|path, _| !later.contains_key(path)),
        }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// Takes files that somebody sent.
///
/// # Errors
/// [`Refusal::Invalid`]: everything that is wrong with their paths, number and sizes.
pub fn parse(files: BTreeMap<String, String>) -> Result<CustomCode> {
    CustomCode::parse(files).map_err(|found| Refusal::invalid("custom", told(&found)))
}

/// A version's custom code. Whoever shows it has the look audited by [`versions::read`].
///
/// # Errors
/// The value does not open.
pub async fn of(platform: &Platform, version: &Owned<Version>) -> Result<CustomCode> {
    open(platform, version.account, version.id).await
}

/// The custom code of a version, for work that its approval began.
pub(crate) async fn open(platform: &Platform, account: AccountId, version: VersionId) -> Result<CustomCode> {
    let row = sql("SELECT custom FROM versions WHERE id = $1 AND account_id = $2")
        .bind(version)
        .bind(account)
        .fetch_optional(&platform.store)
        .await?
        .ok_or(Refusal::NotFound)?;
    let Some(sealed) = row.optional_bytes("custom")? else { return Ok(CustomCode::default()) };
    let text = platform.open_sealed(account, Column::VersionCustom, version, sealed).await?;
    let files = serde_json::from_str(&text).map_err(|_| Refusal::Fault("custom code cannot be read"))?;
    CustomCode::parse(files).map_err(|_| Refusal::Conflict(OLDER.into()))
}

const OLDER: &str = "The custom code of this version was kept by an older release, and is refused now.";

/// What a new version is to have, as it is kept; what was sent is read first, and nothing of it is kept that is refused.
pub(crate) async fn chosen(
    platform: &Platform,
    project: &Owned<Project>,
    custom: Custom<'_>,
    text: &str,
    spec: &Arc<ValidatedSpec>,
) -> Result<CustomCode> {
    match custom {
        Custom::Of(version) => of(platform, version).await,
        Custom::OfLast => {
            let last = sql("SELECT id FROM versions WHERE project_id = $1 AND state <> 'withdrawn'
                 ORDER BY number DESC LIMIT 1")
            .bind(project.id)
            .fetch_optional(&platform.store)
            .await?;
            let Some(last) = last else { return Ok(CustomCode::default()) };
            open(platform, project.account, VersionId::new(last.uuid("id")?)).await
        }
        Custom::Sent(code) if code.is_empty() => Ok(code),
        Custom::Sent(code) => {
            let (code, found) = read_beside(code, text, spec).await?;
            if found.is_empty() { Ok(code) } else { Err(Refusal::invalid("custom", refusal(&found))) }
        }
    }
}

fn refusal(found: &[Finding]) -> String {
    format!("Custom code does what it may not:\n{}", told(found))
}

/// What the lint finds in a version's custom code beside its spec. What was taken over from the version before may not fit a
/// plan that changed.
///
/// # Errors
/// The values do not open, or the project cannot be generated.
pub async fn findings(platform: &Platform, version: &Owned<Version>) -> Result<Vec<Finding>> {
    let code = of(platform, version).await?;
    if code.is_empty() {
        return Ok(Vec::new());
    }
    let (text, spec) = versions::open(platform, version.account, version.id).await?;
    Ok(read_beside(code, &text, &spec).await?.1)
}

/// Refuses to approve a version whose custom code the lint refuses.
pub(crate) async fn passes(platform: &Platform, version: &Owned<Version>) -> Result<()> {
    let found = findings(platform, version).await?;
    if found.is_empty() { Ok(()) } else { Err(Refusal::Conflict(refusal(&found))) }
}

/// Has the lint read the code beside the project that it joins; what every project begins with is no code.
async fn read_beside(
    code: CustomCode,
    text: &str,
    spec: &Arc<ValidatedSpec>,
) -> Result<(CustomCode, Vec<Finding>)> {
    let (text, spec) = (text.to_owned(), Arc::clone(spec));
    // It takes a while, so it stands aside.
    let read = tokio::task::spawn_blocking(move || {
        let project = generator::generate(&spec, &text).map_err(|error| {
            Refusal::invalid(
                "custom",
                format!("It cannot be read beside a plan that cannot be built: {error}."),
            )
        })?;
        let code = code.without_starter(&project);
        let found = if code.is_empty() { Vec::new() } else { code.check(&project) };
        Ok((code, found))
    });
    read.await.map_err(|_| Refusal::Fault("the lint panicked"))?
}

/// The earliest version of the project that has this very code: where it came from.
pub(crate) async fn came_with(platform: &Platform, version: &Version) -> Result<i64> {
    let row =
        sql("SELECT MIN(e.number) AS number FROM versions e JOIN versions v ON v.project_id = e.project_id
             AND v.custom_digest = e.custom_digest WHERE v.id = $1")
        .bind(version.id)
        .fetch_one(&platform.store)
        .await?;
    Ok(row.optional_integer("number")?.unwrap_or(version.number))
}

/// The code as it is sealed, and its digest; nothing of none.
pub(crate) fn kept(code: &CustomCode) -> Result<Option<(String, Vec<u8>)>> {
    if code.is_empty() {
        return Ok(None);
    }
    let text = serde_json::to_string(code.files()).map_err(|_| Refusal::Fault("custom code"))?;
    Ok(Some((text, digest(code.files()))))
}

/// SHA-256 of files. Each text goes with its length, so that no other files have the same bytes.
fn digest(files: &BTreeMap<String, String>) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(b"healthcoder custom code 1\0");
    for (path, text) in files {
        for part in [path, text] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    hash.finalize().to_vec()
}

/// What an approval names: the digest of the spec alone where there is no custom code, else one over both digests, whose
/// lengths are fixed.
pub(crate) fn approved(spec: &[u8], custom: Option<&[u8]>) -> Vec<u8> {
    let Some(custom) = custom else { return spec.to_vec() };
    let mut hash = Sha256::new();
    hash.update(b"healthcoder version with custom code 1\0");
    hash.update(spec);
    hash.update(custom);
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    /// No two sets of files have one digest by where a text ends, and none has that of a spec.
    #[test]
    fn a_digest_is_of_these_files_and_no_others() {
        let all = [
            files(&[("src/custom/mod.rs", "ab")]),
            files(&[("src/custom/mod.rs", "a")]),
            files(&[("src/custom/mod.rsa", "b")]),
            files(&[("src/custom/mod.rs", "a"), ("src/custom/b.rs", "")]),
            files(&[("src/custom/mod.rs", ""), ("src/custom/b.rs", "a")]),
        ];
        let digests: std::collections::BTreeSet<Vec<u8>> = all.iter().map(digest).collect();
        assert_eq!(digests.len(), all.len());
        assert_eq!(approved(b"spec", None), b"spec", "as it was before there was custom code");
        let with: std::collections::BTreeSet<Vec<u8>> =
            digests.iter().map(|custom| approved(b"spec", Some(custom))).collect();
        assert_eq!(with.len(), all.len());
    }

    #[test]
    fn what_differs_is_told_by_file() {
        let code = |listed: &[(&str, &str)]| CustomCode::parse(files(listed)).unwrap();
        let earlier = code(&[("src/custom/mod.rs", "1"), ("src/custom/a.rs", "1"), ("src/custom/b.rs", "1")]);
        let later = code(&[("src/custom/mod.rs", "1"), ("src/custom/a.rs", "2"), ("src/custom/c.rs", "1")]);
        let difference = CodeDifference::of(&earlier, &later);
        assert_eq!(difference.added, ["src/custom/c.rs"]);
        assert_eq!(difference.changed, ["src/custom/a.rs"]);
        assert_eq!(difference.removed, ["src/custom/b.rs"]);
        assert!(CodeDifference::of(&later, &later).is_empty());
    }
}
