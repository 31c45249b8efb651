// does: joins in where the app writes and shows

use safeguards::pages::{Content, Detail};
use safeguards::slice::Routes;
use safeguards::slice::prelude::*;

use crate::extensions::Extensions;
use crate::patients::Patient;

pub struct Custom;

impl Extensions for Custom {
    async fn validate_patient(&self, _: &Viewer, _: Option<Uuid>, answers: &Answers) -> Result<()> {
        match (answers.integer("target_systolic"), answers.integer("target_diastolic")) {
            (Some(systolic), Some(diastolic)) if systolic <= diastolic => {
                Err(Problem::conflict().detail("The systolic target is above the diastolic one."))
            }
            _ => Ok(()),
        }
    }

    async fn derive_reading(&self, _: &Viewer, id: Option<Uuid>, answers: Answers) -> Result<Answers> {
        match (answers.integer("systolic"), answers.integer("diastolic")) {
            (Some(systolic), Some(diastolic)) if id.is_none() && answers.text("note").is_none() => {
                Ok(answers.with("note", format!("Mean pressure {} mmHg", (systolic + 2 * diastolic) / 3)))
            }
            _ => Ok(answers),
        }
    }

    async fn section_of_patient(&self, viewer: &Viewer, patient: &Patient, page: Page) -> Result<Page> {
        let wanted = Wanted::with("patient_id", patient.written.id);
        let count = crate::readings::count(viewer, &wanted).await?;
        Ok(page.with(Detail::new().title("Readings so far").line("Count", Content::from(count))))
    }
}

pub fn routes() -> Routes {
    Routes::new()
}
