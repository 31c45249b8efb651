//! What a page loads, runs and repeats.

use spec::access::Action;

use crate::check::{Check, Group::Pages, Needs};
use crate::entity::is_text;
use crate::outcome::{Outcome, Sight};
use crate::people::Person;
use crate::trial::Trial;
use crate::trouble::Result;
use crate::wire::Reply;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "pages-nothing-from-elsewhere",
        &["CC-9", "CF-18"],
        "No page loads, links or sends anything elsewhere",
        Pages,
        Needs::Address,
        nothing_from_elsewhere,
    ),
    Check::new(
        "pages-nothing-inline",
        &["CC-9", "CF-18"],
        "No page has a script, a handler or a style within it",
        Pages,
        Needs::Address,
        nothing_inline,
    ),
    Check::new(
        "pages-escape",
        &["CF-18"],
        "What people type is shown as text, never as markup",
        Pages,
        Needs::Instance,
        escape,
    ),
    Check::new(
        "pages-name-themselves",
        &["HG-1"],
        "Each page has a language, a title and one main heading",
        Pages,
        Needs::Address,
        name_themselves,
    ),
    Check::new(
        "pages-forms-by-post",
        &["CL-1"],
        "No form puts into an address what could name somebody",
        Pages,
        Needs::Address,
        forms_by_post,
    ),
    Check::new(
        "pages-behind-the-door",
        &["CF-2", "CL-1"],
        "Every page of the app sends a stranger to sign in",
        Pages,
        Needs::Address,
        behind_the_door,
    ),
    Check::new(
        "assets-are-what-they-say",
        &["CC-9", "CF-18"],
        "Stylesheet, script and icon are the app's own, and typed",
        Pages,
        Needs::Address,
        assets,
    ),
];

/// The paths of pages that take no record.
pub(super) fn plain_paths(trial: &Trial) -> Vec<String> {
    let mut paths: Vec<String> =
        ["/", "/account", "/account/devices", "/account/password"].map(str::to_owned).to_vec();
    if let Ok(resources) = trial.resources() {
        paths.extend(resources.iter().map(|resource| format!("/{}", resource.path)));
    }
    if let Ok(model) = trial.model() {
        paths.extend(model.lists.iter().map(|list| format!("/lists/{}", list.name.kebab())));
        paths.extend(model.pages.iter().map(|page| format!("/pages/{}", page.name.kebab())));
        paths.extend(model.calendars.iter().map(|calendar| format!("/calendars/{}", calendar.name.kebab())));
        if !model.measures.is_empty() {
            paths.push("/measures".into());
        }
    }
    paths
}

/// Pages as several people see them, those of records among them.
pub(super) fn shown(trial: &Trial) -> Result<Vec<(String, Reply)>> {
    let mut pages = vec![("/sign-in".to_owned(), trial.wire().get("/sign-in").page().send()?)];
    let people = match trial.stand() {
        Ok(stand) => stand.cast()?,
        Err(_) => trial.somebody().into_iter().collect(),
    };
    for person in &people {
        for path in plain_paths(trial) {
            let page = person.page(path.as_str())?;
            if page.status == 200 {
                pages.push((format!("{path} for {}", person.role()), page));
            }
        }
        pages.extend(of_records(trial, person)?);
    }
    Ok(pages)
}

/// One record of each kind, with the pages around it.
fn of_records(trial: &Trial, person: &Person) -> Result<Vec<(String, Reply)>> {
    let mut pages = Vec::new();
    let Ok(stand) = trial.stand() else { return Ok(pages) };
    let (world, model) = (stand.world()?, trial.model()?);
    let organisation = person.organisation();
    for resource in trial.resources()? {
        let mut records = world.records(model, resource.index, &organisation);
        let seen = |id: &str| world.visible(model, person, Action::View, resource.index, id).is_some();
        let Some((id, _)) = records.find(|(id, _)| seen(id)) else { continue };
        for rest in ["", "/edit", "/assign", "/who-looked"] {
            let path = format!("/{}/{id}{rest}", resource.path);
            let page = person.page(path)?;
            if page.status == 200 {
                pages.push((format!("/{}/…{rest} for {}", resource.path, person.role()), page));
            }
        }
    }
    Ok(pages)
}

/// The values of an attribute in a page.
pub(super) fn attributes<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    let start = format!(" {name}=\"");
    page.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn nothing_from_elsewhere(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("read every address in the pages of every role");
    for (name, page) in shown(trial)? {
        let text = page.text();
        for attribute in ["src", "href", "action", "srcset", "poster", "data", "formaction"] {
            for value in attributes(&text, attribute) {
                let own = value.starts_with('#') || (value.starts_with('/') && !value.starts_with("//"));
                // An authenticator on the same device is opened by a link of its own kind.
                let lawful =
                    own || value.is_empty() || value.starts_with("otpauth:") || value.starts_with('?');
                sight.expect(lawful, || format!("{name}: {attribute} leads to {value}"));
            }
        }
        let loads = ["@import", "url(http", "//fonts.", "googletagmanager"];
        let found = loads.iter().find(|word| text.contains(*word));
        sight.expect(found.is_none(), || format!("{name} has {found:?}"));
    }
    sight.end("only paths of the app itself")
}

fn nothing_inline(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("looked for scripts, handlers and styles within the pages of every role");
    for (name, page) in shown(trial)? {
        let text = page.text().to_lowercase();
        for tag in text.split("<script").skip(1) {
            let head = tag.split('>').next().unwrap_or_default();
            sight.expect(head.contains("src=\"/"), || format!("{name} has a script within it"));
        }
        let handler = [" onclick=", " onload=", " onerror=", " onsubmit=", " onmouseover=", "javascript:"];
        let found = handler.iter().find(|word| text.contains(*word));
        sight.expect(found.is_none(), || format!("{name} has {found:?}"));
        sight.expect(!text.contains("<style") && !text.contains(" style=\""), || {
            format!("{name} has a style")
        });
        sight.expect(
            !text.contains("<iframe") && !text.contains("<object") && !text.contains("<embed"),
            || format!("{name} embeds something"),
        );
    }
    sight.end("none")
}

fn escape(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let word = crate::clock::word();
    let hostile = format!("<b id={word}>\"'&lt;{{{{7*7}}}}");
    let mut sight =
        Sight::new("wrote markup into every text that a role may write, and read the pages that show it");
    for person in stand.cast()? {
        for resource in trial.resources()? {
            let Some(body) = trial.sample_for(&person, &resource, &hostile)? else { continue };
            if !resource.entity.fields.iter().any(is_text) {
                continue;
            }
            let made = person.post(format!("/api/{}", resource.path), &body)?;
            let Some(id) = made.json()["id"].as_str().map(str::to_owned) else { continue };
            for path in [format!("/{}/{id}", resource.path), format!("/{}", resource.path), "/".into()] {
                for reader in stand.cast()? {
                    let page = reader.page(path.as_str())?;
                    let text = page.text();
                    if text.contains(&word) {
                        let raw = text.contains(&format!("<b id={word}"));
                        sight.expect(!raw, || {
                            format!("a page of {} for {} has it as markup", resource.name(), reader.role())
                        });
                    }
                }
            }
        }
    }
    stand.look()?;
    sight.end("shown letter by letter")
}

fn name_themselves(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("read the heads of the pages of every role");
    for (name, page) in shown(trial)? {
        let text = page.text();
        sight.expect(text.contains("<html lang=\""), || format!("{name} names no language"));
        sight.expect(text.contains("<title>") && !text.contains("<title></title>"), || {
            format!("{name} has no title")
        });
        let headings = text.matches("<h1").count();
        sight.expect(headings == 1, || format!("{name} has {headings} main headings"));
    }
    sight.end("a language, a title and one `h1`")
}

fn forms_by_post(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("read the forms of the pages of every role");
    let naming: Vec<String> = trial.model().map_or_else(
        |_| Vec::new(),
        |model| {
            let fields = model.entities.iter().flat_map(|entity| &entity.fields);
            let named = fields.filter(|field| field.class == spec::Class::Identifier);
            named
                .map(|field| field.column.clone())
                .chain(["find".into(), "password".into(), "email".into()])
                .collect()
        },
    );
    for (name, page) in shown(trial)? {
        let text = page.text();
        for form in text.split("<form").skip(1) {
            let (head, body) = form.split_once('>').unwrap_or((form, ""));
            let body = body.split("</form>").next().unwrap_or_default();
            let by_post = head.to_lowercase().contains("method=\"post\"");
            let names = naming.iter().find(|field| body.contains(&format!("name=\"{field}\"")));
            sight.expect(by_post || names.is_none(), || format!("{name} asks for {names:?} in an address"));
        }
    }
    sight.end("what names somebody is sent in a body")
}

fn behind_the_door(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("asked for every page as nobody");
    let wire = trial.wire();
    let mut paths = plain_paths(trial);
    paths.extend(["/account/people", "/account/places", "/limits"].map(str::to_owned));
    for resource in trial.resources().unwrap_or_default() {
        for rest in ["", "/edit", "/assign", "/who-looked", "/remove", "/invite"] {
            paths.push(format!("/{}/{}{rest}", resource.path, crate::clock::id()));
        }
        paths.push(format!("/{}/new", resource.path));
    }
    for path in paths {
        let page = wire.get(path.as_str()).page().send()?;
        let leads = page.header("location").unwrap_or_default().to_owned();
        let closed = page.status == 404 || (page.status == 303 && leads.starts_with("/sign-in"));
        sight.expect(closed, || format!("{path} is answered {} {leads}", page.status));
        let posted = wire.post(path.as_str()).page().form(&[("a", "b")]).send()?;
        let closed = !posted.is_success()
            && (posted.status != 303
                || posted.header("location").is_some_and(|to| to.starts_with("/sign-in")));
        sight.expect(closed, || format!("a form to {path} is answered {}", posted.status));
    }
    sight.end("the way to sign in, or nothing there")
}

fn assets(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("fetched what the first page loads");
    let page = trial.wire().get("/sign-in").page().send()?.text();
    let loads = attributes(&page, "href").into_iter().chain(attributes(&page, "src"));
    let files: Vec<&str> = loads.filter(|path| path.contains('.')).collect();
    for path in files {
        let file = trial.wire().get(path).send()?;
        let kind = file.header("content-type").unwrap_or_default().to_owned();
        let wanted = [(".css", "text/css"), (".js", "text/javascript"), (".svg", "image/svg+xml")];
        let right = wanted.iter().any(|(ending, known)| path.ends_with(ending) && kind.starts_with(known));
        sight.expect(file.status == 200 && right, || format!("{path}: {} {kind}", file.status));
        let text = file.text();
        let elsewhere = ["http://", "https://", "eval("].iter().find(|word| {
            // The namespace of SVG is a name, not an address that is asked.
            text.replace("http://www.w3.org/2000/svg", "").contains(*word)
        });
        sight.expect(elsewhere.is_none(), || format!("{path} has {elsewhere:?}"));
    }
    sight.end("files of the app, under their own types, that name no other host")
}
