//! Users, departments, queues and their members, saved searches.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::schema;
use super::state::State;
use crate::app::{Error, Noun};

/// The id in a path; a malformed one is not found.
pub(super) fn record_id(text: &str, noun: Noun) -> Result<Uuid, Problem> {
    Uuid::parse_str(text).map_err(|_not_an_id| Error::NotFound(noun).into())
}

/// Five endpoints of one noun: list, create, find, update, delete.
macro_rules! endpoints {
    ($module:ident, $noun:ident, $many:literal, $path:literal, $item:literal, $Input:ident, $View:ident, $List:ident,
     $list_id:literal, $create_id:literal, $find_id:literal, $update_id:literal, $delete_id:literal,
     $list:ident, $create:ident, $find:ident, $update:ident, $delete:ident, $version:expr) => {
        pub(super) mod $module {
            use super::*;

            /// Lists them by name.
            #[utoipa::path(get, path = $path, operation_id = $list_id, tag = "people",
                params(("page" = Option<usize>, Query, description = "from 1; all at once if neither is given"), ("per_page" = Option<usize>, Query, description = "at most 1,000")),
                responses((status = 200, body = schema::$List), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
            pub(in crate::http) async fn list(
                request: HttpRequest,
                state: web::Data<State>,
                caller: Authenticated,
            ) -> Result<HttpResponse, Problem> {
                let all = answer::run(&state, move |app| app.$list(&caller.0)).await?;
                answer::whole(&request, $many, &all)
            }

            /// Makes one.
            #[utoipa::path(post, path = $path, operation_id = $create_id, tag = "people",
                params(("Idempotency-Key" = Option<String>, Header, description = "a key of this request: sent again, it makes nothing new")),
                request_body = schema::$Input,
                responses((status = 201, body = schema::$View), (status = 403, body = schema::Problem), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem)))]
            pub(in crate::http) async fn create(
                request: HttpRequest,
                state: web::Data<State>,
                caller: Authenticated,
                payload: web::Payload,
            ) -> Result<HttpResponse, Problem> {
                let (value, bytes) = body::json(&request, payload, state.limits.json_bytes).await?;
                let once = body::idempotency(&request, &caller.0, &bytes)?;
                let made = answer::run(&state, move |app| {
                    if let Some(id) = app.answered::<Uuid>(caller.0.organization, once)? {
                        return app.$find(&caller.0, id);
                    }
                    let made = app.$create(&caller.0, &value)?;
                    app.keep_answer(&caller.0, once, &Uuid::from(made.id))?;
                    Ok(made)
                })
                .await?;
                let mut response = answer::json(StatusCode::CREATED, &made);
                answer::put_header(&mut response, "location", &format!("{}/{}", $path, made.id));
                answer::put_header(&mut response, "etag", &answer::etag(($version)(&made)));
                Ok(response)
            }

            /// Reads one.
            #[utoipa::path(get, path = $item, operation_id = $find_id, tag = "people",
                params(("id" = String, Path, description = "the id")),
                responses((status = 200, body = schema::$View), (status = 404, body = schema::Problem)))]
            pub(in crate::http) async fn find(
                state: web::Data<State>,
                caller: Authenticated,
                path: web::Path<String>,
            ) -> Result<HttpResponse, Problem> {
                let id = record_id(&path, Noun::$noun)?;
                let found = answer::run(&state, move |app| app.$find(&caller.0, id)).await?;
                let mut response = answer::json(StatusCode::OK, &found);
                answer::put_header(&mut response, "etag", &answer::etag(($version)(&found)));
                Ok(response)
            }

            /// Changes one; absent members stay.
            #[utoipa::path(patch, path = $item, operation_id = $update_id, tag = "people",
                params(("id" = String, Path, description = "the id"), ("If-Match" = Option<String>, Header, description = "the ETag that the change is based on")),
                request_body(content = schema::$Input, content_type = "application/merge-patch+json"),
                responses((status = 200, body = schema::$View), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem), (status = 422, body = schema::Problem)))]
            pub(in crate::http) async fn update(
                request: HttpRequest,
                state: web::Data<State>,
                caller: Authenticated,
                path: web::Path<String>,
                payload: web::Payload,
            ) -> Result<HttpResponse, Problem> {
                let id = record_id(&path, Noun::$noun)?;
                let precondition = body::precondition(&request);
                let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
                let changed = answer::run(&state, move |app| {
                    app.$update(&caller.0, id, &value, &precondition)
                })
                .await?;
                let mut response = answer::json(StatusCode::OK, &changed);
                answer::put_header(&mut response, "etag", &answer::etag(($version)(&changed)));
                Ok(response)
            }

            /// Removes one.
            #[utoipa::path(delete, path = $item, operation_id = $delete_id, tag = "people",
                params(("id" = String, Path, description = "the id")),
                responses((status = 204), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem)))]
            pub(in crate::http) async fn delete(
                request: HttpRequest,
                state: web::Data<State>,
                caller: Authenticated,
                path: web::Path<String>,
            ) -> Result<HttpResponse, Problem> {
                let id = record_id(&path, Noun::$noun)?;
                let precondition = body::precondition(&request);
                answer::run(&state, move |app| app.$delete(&caller.0, id, &precondition)).await?;
                Ok(HttpResponse::NoContent().finish())
            }
        }
    };
}

endpoints!(
    departments,
    Department,
    "departments",
    "/api/v1/departments",
    "/api/v1/departments/{id}",
    DepartmentInput,
    Department,
    DepartmentList,
    "list_departments",
    "create_department",
    "find_department",
    "update_department",
    "delete_department",
    list_departments,
    create_department,
    find_department,
    update_department,
    delete_department,
    |department: &crate::app::DepartmentView| department.version
);

endpoints!(
    queues,
    Queue,
    "queues",
    "/api/v1/queues",
    "/api/v1/queues/{id}",
    QueueInput,
    Queue,
    QueueList,
    "list_queues",
    "create_queue",
    "find_queue",
    "update_queue",
    "delete_queue",
    list_queues,
    create_queue,
    find_queue,
    update_queue,
    delete_queue,
    |queue: &crate::app::QueueView| queue.version
);

endpoints!(
    users,
    User,
    "users",
    "/api/v1/users",
    "/api/v1/users/{id}",
    UserInput,
    User,
    UserList,
    "list_users",
    "create_user",
    "find_user",
    "update_user",
    "delete_user",
    list_users,
    create_user,
    find_user,
    update_user,
    delete_user,
    |user: &crate::app::UserView| user.managed.as_ref().map_or(0, |managed| managed.version)
);

endpoints!(
    saved_searches,
    SavedSearch,
    "saved_searches",
    "/api/v1/saved-searches",
    "/api/v1/saved-searches/{id}",
    SavedSearchInput,
    SavedSearch,
    SavedSearchList,
    "list_saved_searches",
    "create_saved_search",
    "find_saved_search",
    "update_saved_search",
    "delete_saved_search",
    list_saved_searches,
    create_saved_search,
    find_saved_search,
    update_saved_search,
    delete_saved_search,
    |search: &crate::app::SavedSearchView| search.version
);

async fn set_member(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<(String, String)>,
    is_member: bool,
) -> Result<HttpResponse, Problem> {
    let queue = record_id(&path.0, Noun::Queue)?;
    let user = record_id(&path.1, Noun::User)?;
    answer::ok(&state, move |app| app.set_queue_member(&caller.0, queue, user, is_member)).await
}

/// Makes a user a member of a queue.
#[utoipa::path(put, path = "/api/v1/queues/{id}/members/{user_id}", operation_id = "add_queue_member", tag = "people",
    params(("id" = String, Path, description = "the id of the queue"), ("user_id" = String, Path, description = "the id of the user")),
    responses((status = 200, body = schema::Queue), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn add_member(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    set_member(state, caller, path, true).await
}

/// Takes a user out of a queue.
#[utoipa::path(delete, path = "/api/v1/queues/{id}/members/{user_id}", operation_id = "remove_queue_member", tag = "people",
    params(("id" = String, Path, description = "the id of the queue"), ("user_id" = String, Path, description = "the id of the user")),
    responses((status = 200, body = schema::Queue), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn remove_member(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    set_member(state, caller, path, false).await
}
