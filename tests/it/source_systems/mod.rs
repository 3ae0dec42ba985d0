//! The paths of other contact services take the requests of their clients as they are.

mod contacts_api;
mod crm_contacts;
mod crm_import_maps;
mod edge_functions;
