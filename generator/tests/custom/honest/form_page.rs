// does: asks and takes a form

use safeguards::slice::prelude::*;
use safeguards::slice::{Routes, get};

pub fn routes() -> Routes {
    Routes::new().route("/estimate", get(ask).post(answer))
}

fn form() -> Form {
    Form::new("/estimate")
        .field(Field::integer("age", "Age").unit("years").range(18, 120))
        .field(Field::choice("sex", "Sex", [("f", "Female"), ("m", "Male")]).optional())
}

async fn ask(viewer: Viewer) -> Result<Page> {
    Ok(viewer.page("Estimate").with(form()))
}

async fn answer(viewer: Viewer, data: FormData) -> Result<Response> {
    let answers = match form().parse(&viewer.view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(viewer.page("Estimate").with(*form).into_response()),
    };
    let age = answers.integer("age").unwrap_or_default();
    Ok(viewer.page(format!("{} years", age + 1)).into_response())
}
