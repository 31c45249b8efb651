// tries: makes somebody who acts
// finds: path: `safeguards::access::Principal`

use safeguards::access::Principal;

pub fn anybody(person: safeguards::identity::PersonId) -> Principal {
    Principal::for_test(person, todo(), Vec::new())
}
