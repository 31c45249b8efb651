// tries: makes a policy under which everybody sees everything
// finds: path: `safeguards::access::Grant`

use safeguards::access::{Action, Grant};

pub static OPEN: Grant = Grant::to("patient", &[Action::View]);
