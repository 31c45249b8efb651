//! What a version changes of what there is, as whoever decides about it is told; and the word of a person without whom nothing that
//! patients have is deleted or opened.

use planner::Difference;
use safeguards::sql;

use crate::Platform;
use crate::accounts::Owned;
use crate::custom::{self, CodeDifference};
use crate::error::{Refusal, Result};
use crate::ids::VersionId;
use crate::seams::EnvironmentKind;
use crate::versions::{self, Version};

/// A version, compared with the one that it takes the place of.
#[derive(Debug)]
pub struct Compared {
    /// The other version's number.
    pub with: i64,
    /// Where the other serves; nowhere, where it is an earlier plan.
    pub serves: Option<EnvironmentKind>,
    /// What differs.
    pub difference: Difference,
    /// What differs in their custom code.
    pub code: CodeDifference,
    /// The app's name: what is typed to confirm.
    pub app: String,
}

impl Compared {
    /// Whether a person has to type the app's name: values that people entered are deleted, or shown to whoever does not see
    /// them today. In a preview all is made up.
    #[must_use]
    pub fn wants_confirmation(&self) -> bool {
        self.serves == Some(EnvironmentKind::Production) && self.difference.is_grave()
    }
}

/// Compares a version with what serves in production; else with what serves as a preview; else with the plan before it. There
/// is nothing to compare the first plan with, nor what serves with itself.
///
/// # Errors
/// A spec does not open, or an older release wrote what this one refuses.
pub async fn of(platform: &Platform, version: &Owned<Version>) -> Result<Option<Compared>> {
    let Some((other, with, serves)) = before(platform, version).await? else { return Ok(None) };
    if other == version.id {
        return Ok(None);
    }
    let (_, earlier) = versions::open(platform, version.account, other).await?;
    let (_, later) = versions::open(platform, version.account, version.id).await?;
    let difference = Difference::of(&earlier, &later);
    let code = CodeDifference::of(
        &custom::open(platform, version.account, other).await?,
        &custom::open(platform, version.account, version.id).await?,
    );
    Ok(Some(Compared { with, serves, difference, code, app: later.model().app.clone() }))
}

async fn before(
    platform: &Platform,
    version: &Version,
) -> Result<Option<(VersionId, i64, Option<EnvironmentKind>)>> {
    let serving = sql("SELECT v.id, v.number, e.kind FROM environments e JOIN versions v ON v.id = e.version_id
         WHERE e.project_id = $1 AND e.destroyed_at IS NULL ORDER BY CASE e.kind WHEN 'production' THEN 0 ELSE 1 END LIMIT 1")
    .bind(version.project)
    .fetch_optional(&platform.store)
    .await?;
    if let Some(row) = serving {
        let kind = EnvironmentKind::parse(&row.text("kind")?);
        return Ok(Some((VersionId::new(row.uuid("id")?), row.integer("number")?, kind)));
    }
    let earlier = sql(
        "SELECT id, number FROM versions WHERE project_id = $1 AND number < $2 ORDER BY number DESC LIMIT 1",
    )
    .bind(version.project)
    .bind(version.number)
    .fetch_optional(&platform.store)
    .await?;
    let Some(row) = earlier else { return Ok(None) };
    Ok(Some((VersionId::new(row.uuid("id")?), row.integer("number")?, None)))
}

/// Asks for the typed word of a person where one is needed.
///
/// # Errors
/// [`Refusal::Conflict`]: it is needed, and is not the app's name. It says what is lost or opened.
pub async fn confirmed(platform: &Platform, version: &Owned<Version>, typed: Option<&str>) -> Result<()> {
    let Some(compared) = of(platform, version).await? else { return Ok(()) };
    if !compared.wants_confirmation() || typed.map(str::trim) == Some(compared.app.as_str()) {
        return Ok(());
    }
    let grave: Vec<String> =
        compared.difference.losses.iter().cloned().chain(compared.difference.opened()).collect();
    Err(Refusal::Conflict(format!(
        "This version deletes what is recorded in production, or shows it to somebody new. Type the app's name, {}, to confirm \
         it. {}",
        compared.app,
        grave.join(" ")
    )))
}
