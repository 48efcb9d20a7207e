//! The life of a grant, from the committed record to the end that was seen: what makes access and proves it
//! ([`opening`]), looks at it ([`checking`]), takes it away ([`closing`], many at once: [`batch`]), and tries that it
//! is gone ([`refusal`], later again: [`proving`]); who works on one, and until when ([`claim`]); what a
//! trial login has to show ([`trial`]); and what of a server's replies is evidence ([`evidence`], [`sharing`],
//! [`difference`]); and what waits for the supporter, sealed ([`sealed`]).
//!
//! What a person typed and what is printed is the business of [`crate::command`], what may be done at all that of
//! [`crate::policy`], and how a server is spoken to that of [`crate::remote`].

pub mod batch;
pub mod checking;
pub mod claim;
pub mod closing;
pub mod difference;
pub mod evidence;
pub(crate) mod form;
pub mod opening;
pub mod proving;
pub mod refusal;
pub(crate) mod sealed;
pub mod sharing;
pub mod trial;
pub(crate) mod web;
