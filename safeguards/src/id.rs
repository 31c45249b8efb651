//! A type for each kind of id, so that a person cannot stand where an organisation belongs.
//!
//! Ids are never credentials: whoever knows one has gained nothing.

/// Makes a type for each kind of id: a UUID that is bound, parsed and shown as one, and taken for no other kind.
///
/// ```
/// safeguards::id_types! {
///     /// One parcel.
///     ParcelId;
/// }
/// let parcel: ParcelId = "0193574c-5d7e-7000-8000-000000000001".parse().unwrap();
/// assert_eq!(format!("{parcel:?}"), "ParcelId(0193574c-5d7e-7000-8000-000000000001)");
/// ```
#[macro_export]
macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(::uuid::Uuid);

        impl $name {
            /// Takes a UUID that came from a row, a path or an `Ids`.
            #[must_use]
            pub const fn new(id: ::uuid::Uuid) -> Self {
                Self(id)
            }

            /// The UUID itself.
            #[must_use]
            pub const fn uuid(self) -> ::uuid::Uuid {
                self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, formatter)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::uuid::Error;

            fn from_str(text: &str) -> ::std::result::Result<Self, ::uuid::Error> {
                ::uuid::Uuid::parse_str(text).map(Self)
            }
        }

        impl From<$name> for ::uuid::Uuid {
            fn from(id: $name) -> ::uuid::Uuid {
                id.0
            }
        }

        impl From<$name> for $crate::store::Value {
            fn from(id: $name) -> $crate::store::Value {
                $crate::store::Value::Uuid(id.0)
            }
        }

        impl $crate::store::Typed for $name {
            const KIND: $crate::store::Kind = $crate::store::Kind::Uuid;
        }
    )*};
}
