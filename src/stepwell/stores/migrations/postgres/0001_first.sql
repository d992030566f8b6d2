CREATE TABLE "activity" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "encryption" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "activity_task" (
  "activity" text COLLATE "C" NOT NULL,
  "execution" bigint NOT NULL,
  "event" bigint NOT NULL,
  "branch" bigint NOT NULL,
  "input" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("activity", "execution", "event")
);
CREATE TABLE "apigateway_item" (
  "owner" text COLLATE "C" NOT NULL,
  "kind" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "number" bigint NOT NULL,
  "document" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("owner", "kind", "id")
);
CREATE TABLE "cloudformation_change_set" (
  "stack" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "kind" text COLLATE "C" NOT NULL,
  "version" bigint NOT NULL,
  "status" text COLLATE "C" NOT NULL,
  "reason" text COLLATE "C" NOT NULL,
  "execution" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "changes" text COLLATE "C" NOT NULL,
  "settings" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("stack", "id")
);
CREATE TABLE "cloudformation_event" (
  "stack" text COLLATE "C" NOT NULL,
  "number" bigint NOT NULL,
  "event_id" text COLLATE "C" NOT NULL,
  "at" bigint NOT NULL,
  "logical_id" text COLLATE "C" NOT NULL,
  "physical_id" text COLLATE "C" NOT NULL,
  "type" text COLLATE "C" NOT NULL,
  "status" text COLLATE "C" NOT NULL,
  "reason" text COLLATE "C" NOT NULL,
  "properties" text COLLATE "C" NOT NULL,
  "token" text COLLATE "C" NOT NULL,
  "operation" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("stack", "number")
);
CREATE TABLE "cloudformation_export" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "stack" text COLLATE "C" NOT NULL,
  "value" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "cloudformation_import" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "stack" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("scope", "name", "stack")
);
CREATE TABLE "cloudformation_leftover" (
  "stack" text COLLATE "C" NOT NULL,
  "number" bigint NOT NULL,
  "logical_id" text COLLATE "C" NOT NULL,
  "snapshot" text COLLATE "C" NOT NULL,
  "retained" bigint NOT NULL,
  "status" text COLLATE "C" NOT NULL,
  "attempts" bigint NOT NULL,
  "token" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("stack", "number")
);
CREATE TABLE "cloudformation_name" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "stack" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "cloudformation_resource" (
  "stack" text COLLATE "C" NOT NULL,
  "logical_id" text COLLATE "C" NOT NULL,
  "type" text COLLATE "C" NOT NULL,
  "physical_id" text COLLATE "C" NOT NULL,
  "status" text COLLATE "C" NOT NULL,
  "reason" text COLLATE "C" NOT NULL,
  "updated_at" bigint NOT NULL,
  "properties" text COLLATE "C" NOT NULL,
  "attributes" text COLLATE "C" NOT NULL,
  "suffix" text COLLATE "C" NOT NULL,
  "rules" text COLLATE "C" NOT NULL,
  "phase" bigint NOT NULL,
  "attempt" text COLLATE "C" NOT NULL,
  "before" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("stack", "logical_id")
);
CREATE TABLE "cloudformation_stack" (
  "id" text COLLATE "C" NOT NULL,
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "updated_at" bigint NOT NULL,
  "deleted_at" bigint NOT NULL,
  "status" text COLLATE "C" NOT NULL,
  "reason" text COLLATE "C" NOT NULL,
  "version" bigint NOT NULL,
  "settled" bigint NOT NULL,
  "phase" bigint NOT NULL,
  "operation" text COLLATE "C" NOT NULL,
  "outputs" text COLLATE "C" NOT NULL,
  "settings" text COLLATE "C" NOT NULL,
  "parent" text COLLATE "C" NOT NULL,
  "root" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("id")
);
CREATE TABLE "cloudformation_template" (
  "stack" text COLLATE "C" NOT NULL,
  "number" bigint NOT NULL,
  "body" text COLLATE "C" NOT NULL,
  "processed" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("stack", "number")
);
CREATE TABLE "cloudformation_version" (
  "stack" text COLLATE "C" NOT NULL,
  "number" bigint NOT NULL,
  "details" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("stack", "number")
);
CREATE TABLE "cloudformation_wait" (
  "token" text COLLATE "C" NOT NULL,
  "stack" text COLLATE "C" NOT NULL,
  "logical_id" text COLLATE "C" NOT NULL,
  "kind" text COLLATE "C" NOT NULL,
  "request_id" text COLLATE "C" NOT NULL,
  "physical_id" text COLLATE "C" NOT NULL,
  "answers" text COLLATE "C" NOT NULL,
  "deadline" bigint NOT NULL,
  PRIMARY KEY ("token")
);
CREATE TABLE "delivery" (
  "shard" bigint NOT NULL,
  "id" bigint NOT NULL,
  "target" text COLLATE "C" NOT NULL,
  "delivery" text COLLATE "C" NOT NULL,
  "made_at" bigint NOT NULL,
  "attempts" bigint NOT NULL,
  "due_at" bigint NOT NULL,
  PRIMARY KEY ("shard", "id")
);
CREATE TABLE "dynamodb_abandoned" (
  "node" bigint NOT NULL,
  "id" bigint NOT NULL,
  "kind" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("node", "id")
);
CREATE TABLE "dynamodb_entry" (
  "owner" bigint NOT NULL,
  "hash" bytea NOT NULL,
  "range" bytea NOT NULL,
  "item_hash" bytea NOT NULL,
  "item_range" bytea NOT NULL,
  "size" bigint NOT NULL,
  "item" bytea NOT NULL,
  PRIMARY KEY ("owner", "hash", "range", "item_hash", "item_range")
);
CREATE TABLE "dynamodb_item" (
  "table" bigint NOT NULL,
  "hash" bytea NOT NULL,
  "range" bytea NOT NULL,
  "size" bigint NOT NULL,
  "item" bytea NOT NULL,
  PRIMARY KEY ("table", "hash", "range")
);
CREATE TABLE "dynamodb_stream" (
  "scope" text COLLATE "C" NOT NULL,
  "id" bigint NOT NULL,
  "table_name" text COLLATE "C" NOT NULL,
  "label" text COLLATE "C" NOT NULL,
  "view" text COLLATE "C" NOT NULL,
  "keys" text COLLATE "C" NOT NULL,
  "shard" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "ended_at" bigint NOT NULL,
  "last" bigint NOT NULL,
  PRIMARY KEY ("scope", "id")
);
CREATE TABLE "dynamodb_stream_record" (
  "stream" bigint NOT NULL,
  "sequence" bigint NOT NULL,
  "at" bigint NOT NULL,
  "record" bytea NOT NULL,
  PRIMARY KEY ("stream", "sequence")
);
CREATE TABLE "dynamodb_table" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "id" bigint NOT NULL,
  "created_at" bigint NOT NULL,
  "settings" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "dynamodb_transaction" (
  "scope" text COLLATE "C" NOT NULL,
  "token" text COLLATE "C" NOT NULL,
  "request" text COLLATE "C" NOT NULL,
  "answer" text COLLATE "C" NOT NULL,
  "expires_at" bigint NOT NULL,
  PRIMARY KEY ("scope", "token")
);
CREATE INDEX "dynamodb_transaction_by_expiry" ON "dynamodb_transaction" ("expires_at", "scope", "token");
CREATE TABLE "events_abandoned" (
  "node" bigint NOT NULL,
  "archive" bigint NOT NULL,
  PRIMARY KEY ("node", "archive")
);
CREATE TABLE "events_archive" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "id" bigint NOT NULL,
  "bus" text COLLATE "C" NOT NULL,
  "pattern" text COLLATE "C",
  "description" text COLLATE "C",
  "key" text COLLATE "C",
  "retention_days" bigint NOT NULL,
  "created_at" bigint NOT NULL,
  "events" bigint NOT NULL,
  "bytes" bigint NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "events_archived" (
  "archive" bigint NOT NULL,
  "at" bigint NOT NULL,
  "sequence" bigint NOT NULL,
  "event" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("archive", "at", "sequence")
);
CREATE TABLE "events_bus" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "modified_at" bigint NOT NULL,
  "attributes" text COLLATE "C" NOT NULL,
  "policy" text COLLATE "C",
  "tags" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "events_connection" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "uuid" text COLLATE "C" NOT NULL,
  "kind" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C",
  "authorization" text COLLATE "C" NOT NULL,
  "state" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "modified_at" bigint NOT NULL,
  "authorized_at" bigint NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "events_destination" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "uuid" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C",
  "connection_arn" text COLLATE "C" NOT NULL,
  "endpoint" text COLLATE "C" NOT NULL,
  "method" text COLLATE "C" NOT NULL,
  "rate" bigint NOT NULL,
  "created_at" bigint NOT NULL,
  "modified_at" bigint NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "events_replay" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "archive_name" text COLLATE "C" NOT NULL,
  "archive" bigint NOT NULL,
  "bus" text COLLATE "C" NOT NULL,
  "rules" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C",
  "state" text COLLATE "C" NOT NULL,
  "from_at" bigint NOT NULL,
  "until_at" bigint NOT NULL,
  "at" bigint NOT NULL,
  "sequence" bigint NOT NULL,
  "replayed" bigint NOT NULL,
  "started_at" bigint NOT NULL,
  "ended_at" bigint,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "events_rule" (
  "bus" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "pattern" text COLLATE "C",
  "schedule" text COLLATE "C",
  "state" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C",
  "role_arn" text COLLATE "C",
  "tags" text COLLATE "C" NOT NULL,
  "anchor_at" bigint NOT NULL,
  "due_at" bigint,
  PRIMARY KEY ("bus", "name")
);
CREATE TABLE "events_target" (
  "rule" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "target" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("rule", "id")
);
CREATE TABLE "execution" (
  "id" bigint NOT NULL,
  "arn" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "machine" bigint NOT NULL,
  "revision" bigint NOT NULL,
  "role_arn" text COLLATE "C" NOT NULL,
  "seed" bytea NOT NULL,
  "started_at" bigint NOT NULL,
  "input" text COLLATE "C" NOT NULL,
  "status" bigint NOT NULL,
  "stopped_at" bigint,
  "output" text COLLATE "C",
  "error" text COLLATE "C",
  "cause" text COLLATE "C",
  "extra" text COLLATE "C",
  PRIMARY KEY ("id")
);
CREATE INDEX "execution_list" ON "execution" ("machine", "status", "id");
CREATE TABLE "execution_child" (
  "parent" bigint NOT NULL,
  "event" bigint NOT NULL,
  "child" bigint NOT NULL,
  PRIMARY KEY ("parent", "event")
);
CREATE TABLE "execution_event" (
  "execution" bigint NOT NULL,
  "id" bigint NOT NULL,
  "body" bytea NOT NULL,
  "note" text COLLATE "C",
  PRIMARY KEY ("execution", "id")
);
CREATE TABLE "execution_name" (
  "arn" text COLLATE "C" NOT NULL,
  "id" bigint NOT NULL,
  PRIMARY KEY ("arn")
);
CREATE TABLE "express_start" (
  "shard" bigint NOT NULL,
  "id" bigint NOT NULL,
  "arn" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "machine" bigint NOT NULL,
  "revision" bigint NOT NULL,
  "started_at" bigint NOT NULL,
  "input" text COLLATE "C" NOT NULL,
  "extra" text COLLATE "C",
  PRIMARY KEY ("shard", "id")
);
CREATE TABLE "iam_access_key" (
  "account" text COLLATE "C" NOT NULL,
  "user" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "secret" text COLLATE "C" NOT NULL,
  "status" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  PRIMARY KEY ("account", "user", "id")
);
CREATE TABLE "iam_attachment" (
  "account" text COLLATE "C" NOT NULL,
  "owner" text COLLATE "C" NOT NULL,
  "arn" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("account", "owner", "arn")
);
CREATE TABLE "iam_entity" (
  "account" text COLLATE "C" NOT NULL,
  "kind" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "path" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "data" text COLLATE "C" NOT NULL,
  "tags" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("account", "kind", "name")
);
CREATE TABLE "iam_inline_policy" (
  "account" text COLLATE "C" NOT NULL,
  "owner" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "document" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("account", "owner", "name")
);
CREATE TABLE "iam_member" (
  "account" text COLLATE "C" NOT NULL,
  "container" text COLLATE "C" NOT NULL,
  "member" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("account", "container", "member")
);
CREATE TABLE "iam_policy_version" (
  "account" text COLLATE "C" NOT NULL,
  "policy" text COLLATE "C" NOT NULL,
  "number" bigint NOT NULL,
  "document" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  PRIMARY KEY ("account", "policy", "number")
);
CREATE TABLE "lambda_alias" (
  "function" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "version" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C" NOT NULL,
  "routing" text COLLATE "C" NOT NULL,
  "revision" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("function", "name")
);
CREATE TABLE "lambda_attached" (
  "function" text COLLATE "C" NOT NULL,
  "kind" text COLLATE "C" NOT NULL,
  "qualifier" text COLLATE "C" NOT NULL,
  "text" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("function", "kind", "qualifier")
);
CREATE TABLE "lambda_code" (
  "code" bigint NOT NULL,
  "part" bigint NOT NULL,
  "data" bytea NOT NULL,
  PRIMARY KEY ("code", "part")
);
CREATE TABLE "lambda_event" (
  "shard" bigint NOT NULL,
  "id" bigint NOT NULL,
  "function" text COLLATE "C" NOT NULL,
  "qualifier" text COLLATE "C" NOT NULL,
  "request_id" text COLLATE "C" NOT NULL,
  "payload" bytea NOT NULL,
  "client_context" text COLLATE "C",
  "made_at" bigint NOT NULL,
  "attempts" bigint NOT NULL,
  "throttles" bigint NOT NULL,
  "due_at" bigint NOT NULL,
  PRIMARY KEY ("shard", "id")
);
CREATE TABLE "lambda_function" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "id" bigint NOT NULL,
  "last_version" bigint NOT NULL,
  "reserved" bigint,
  "tags" text COLLATE "C" NOT NULL,
  "extras" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "lambda_layer" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "last_version" bigint NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "lambda_layer_version" (
  "layer" text COLLATE "C" NOT NULL,
  "version" bigint NOT NULL,
  "code" bigint NOT NULL,
  "description" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("layer", "version")
);
CREATE TABLE "lambda_mapping" (
  "scope" text COLLATE "C" NOT NULL,
  "uuid" text COLLATE "C" NOT NULL,
  "function" text COLLATE "C" NOT NULL,
  "qualifier" text COLLATE "C" NOT NULL,
  "source" text COLLATE "C" NOT NULL,
  "state" text COLLATE "C" NOT NULL,
  "modified_at" bigint NOT NULL,
  "configuration" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("scope", "uuid")
);
CREATE TABLE "lambda_position" (
  "mapping" text COLLATE "C" NOT NULL,
  "shard" text COLLATE "C" NOT NULL,
  "sequence" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("mapping", "shard")
);
CREATE TABLE "lambda_version" (
  "function" text COLLATE "C" NOT NULL,
  "version" text COLLATE "C" NOT NULL,
  "code" bigint NOT NULL,
  "configuration" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("function", "version")
);
CREATE TABLE "lease" (
  "shard" bigint NOT NULL,
  "owner" text COLLATE "C" NOT NULL,
  "epoch" bigint NOT NULL,
  "expires_at" bigint NOT NULL,
  PRIMARY KEY ("shard")
);
CREATE TABLE "logs_abandoned" (
  "shard" bigint NOT NULL,
  "group" bigint NOT NULL,
  "stream" bigint NOT NULL,
  PRIMARY KEY ("shard", "group", "stream")
);
CREATE TABLE "logs_event" (
  "group" bigint NOT NULL,
  "at" bigint NOT NULL,
  "sequence" bigint NOT NULL,
  "stream" bigint NOT NULL,
  "ingested_at" bigint NOT NULL,
  "message" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("group", "at", "sequence")
);
CREATE INDEX "by_stream" ON "logs_event" ("stream", "at", "sequence", "group");
CREATE TABLE "logs_group" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "id" bigint NOT NULL,
  "created_at" bigint NOT NULL,
  "retention_days" bigint,
  "log_class" text COLLATE "C" NOT NULL,
  "tags" text COLLATE "C" NOT NULL,
  "protected" bigint NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "logs_policy" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "document" text COLLATE "C" NOT NULL,
  "changed_at" bigint NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "logs_stream" (
  "group" bigint NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "id" bigint NOT NULL,
  "created_at" bigint NOT NULL,
  "first_at" bigint NOT NULL,
  "last_at" bigint NOT NULL,
  "ingested_at" bigint NOT NULL,
  PRIMARY KEY ("group", "name")
);
CREATE TABLE "logs_subscription" (
  "group" bigint NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "pattern" text COLLATE "C" NOT NULL,
  "destination" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "details" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("group", "name")
);
CREATE TABLE "machine" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "id" bigint NOT NULL,
  "type" text COLLATE "C" NOT NULL,
  "revision" bigint NOT NULL,
  "revision_id" text COLLATE "C" NOT NULL,
  "next_version" bigint NOT NULL,
  "created_at" bigint NOT NULL,
  "updated_at" bigint NOT NULL,
  "status" bigint NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "machine_alias" (
  "machine" bigint NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C",
  "routing" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "updated_at" bigint NOT NULL,
  PRIMARY KEY ("machine", "name")
);
CREATE TABLE "machine_revision" (
  "machine" bigint NOT NULL,
  "revision" bigint NOT NULL,
  "revision_id" text COLLATE "C" NOT NULL,
  "arn" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "role_arn" text COLLATE "C" NOT NULL,
  "definition" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "settings" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("machine", "revision")
);
CREATE TABLE "machine_version" (
  "machine" bigint NOT NULL,
  "version" bigint NOT NULL,
  "revision" bigint NOT NULL,
  "revision_id" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C",
  "created_at" bigint NOT NULL,
  PRIMARY KEY ("machine", "version")
);
CREATE TABLE "map_run" (
  "id" bigint NOT NULL,
  "arn" text COLLATE "C" NOT NULL,
  "execution" bigint NOT NULL,
  "execution_arn" text COLLATE "C" NOT NULL,
  "branch" bigint NOT NULL,
  "event" bigint NOT NULL,
  "machine" bigint NOT NULL,
  "revision" bigint NOT NULL,
  "label" text COLLATE "C" NOT NULL,
  "express" bigint NOT NULL,
  "started_at" bigint NOT NULL,
  "status" bigint NOT NULL,
  "open" bigint NOT NULL,
  "max_concurrency" bigint NOT NULL,
  "tolerated_count" bigint,
  "tolerated_percentage" text COLLATE "C",
  "items" bigint NOT NULL,
  "taken" bigint NOT NULL,
  "children" bigint NOT NULL,
  "ended" text COLLATE "C" NOT NULL,
  "stopped_at" bigint,
  "error" text COLLATE "C",
  "cause" text COLLATE "C",
  "redrive_count" bigint NOT NULL,
  "redriven_at" bigint,
  "redrive_place" text COLLATE "C",
  PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "map_run_arn" ON "map_run" ("arn");
CREATE INDEX "map_run_open" ON "map_run" ("open", "id");
CREATE INDEX "map_run_list" ON "map_run" ("execution", "id");
CREATE TABLE "map_run_items" (
  "run" bigint NOT NULL,
  "page" bigint NOT NULL,
  "body" bytea NOT NULL,
  PRIMARY KEY ("run", "page")
);
CREATE TABLE "outbox" (
  "shard" bigint NOT NULL,
  "execution" bigint NOT NULL,
  "event" bigint NOT NULL,
  "branch" bigint NOT NULL,
  "request" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("shard", "execution", "event")
);
CREATE TABLE "pipes_pipe" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "id" bigint NOT NULL,
  "source" text COLLATE "C" NOT NULL,
  "target" text COLLATE "C" NOT NULL,
  "state" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "modified_at" bigint NOT NULL,
  "settings" text COLLATE "C" NOT NULL,
  "tags" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "pipes_position" (
  "pipe" bigint NOT NULL,
  "shard" bigint NOT NULL,
  "sequence" bigint NOT NULL,
  PRIMARY KEY ("pipe", "shard")
);
CREATE TABLE "s3_bucket" (
  "name" text COLLATE "C" NOT NULL,
  "scope" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "versioning" text COLLATE "C" NOT NULL,
  "settings" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("name")
);
CREATE TABLE "s3_chunk" (
  "blob" bigint NOT NULL,
  "number" bigint NOT NULL,
  "data" bytea NOT NULL,
  PRIMARY KEY ("blob", "number")
);
CREATE TABLE "s3_object" (
  "bucket" text COLLATE "C" NOT NULL,
  "key" text COLLATE "C" NOT NULL,
  "sequence" bigint NOT NULL,
  "version" text COLLATE "C" NOT NULL,
  "is_marker" bigint NOT NULL,
  "size" bigint NOT NULL,
  "etag" text COLLATE "C" NOT NULL,
  "modified_at" bigint NOT NULL,
  "blobs" text COLLATE "C" NOT NULL,
  "headers" text COLLATE "C" NOT NULL,
  "metadata" text COLLATE "C" NOT NULL,
  "checksums" text COLLATE "C" NOT NULL,
  "tags" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("bucket", "key")
);
CREATE TABLE "s3_part" (
  "upload" text COLLATE "C" NOT NULL,
  "number" bigint NOT NULL,
  "blob" bigint NOT NULL,
  "size" bigint NOT NULL,
  "etag" text COLLATE "C" NOT NULL,
  "modified_at" bigint NOT NULL,
  "checksums" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("upload", "number")
);
CREATE TABLE "s3_upload" (
  "bucket" text COLLATE "C" NOT NULL,
  "key" text COLLATE "C" NOT NULL,
  "upload" text COLLATE "C" NOT NULL,
  "initiated_at" bigint NOT NULL,
  "headers" text COLLATE "C" NOT NULL,
  "metadata" text COLLATE "C" NOT NULL,
  "tags" text COLLATE "C" NOT NULL,
  "algorithm" text COLLATE "C" NOT NULL,
  "checksum_type" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("bucket", "key", "upload")
);
CREATE TABLE "s3_version" (
  "bucket" text COLLATE "C" NOT NULL,
  "key" text COLLATE "C" NOT NULL,
  "sequence" bigint NOT NULL,
  "version" text COLLATE "C" NOT NULL,
  "is_marker" bigint NOT NULL,
  "size" bigint NOT NULL,
  "etag" text COLLATE "C" NOT NULL,
  "modified_at" bigint NOT NULL,
  "blobs" text COLLATE "C" NOT NULL,
  "headers" text COLLATE "C" NOT NULL,
  "metadata" text COLLATE "C" NOT NULL,
  "checksums" text COLLATE "C" NOT NULL,
  "tags" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("bucket", "key", "sequence")
);
CREATE TABLE "scheduler_group" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "modified_at" bigint NOT NULL,
  "tags" text COLLATE "C" NOT NULL,
  "client_token" text COLLATE "C",
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "scheduler_schedule" (
  "group_path" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "expression" text COLLATE "C" NOT NULL,
  "zone" text COLLATE "C" NOT NULL,
  "state" text COLLATE "C" NOT NULL,
  "start_at" bigint,
  "end_at" bigint,
  "window_minutes" bigint NOT NULL,
  "completion" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C",
  "key_arn" text COLLATE "C",
  "target" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "modified_at" bigint NOT NULL,
  "client_token" text COLLATE "C",
  "anchor_at" bigint NOT NULL,
  "due_at" bigint,
  "fire_at" bigint,
  PRIMARY KEY ("group_path", "name")
);
CREATE TABLE "secretsmanager_secret" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "suffix" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C" NOT NULL,
  "kms_key" text COLLATE "C" NOT NULL,
  "tags" text COLLATE "C" NOT NULL,
  "policy" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "changed_at" bigint NOT NULL,
  "accessed_at" bigint NOT NULL,
  "deleted_at" bigint NOT NULL,
  "purge_at" bigint NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "secretsmanager_version" (
  "secret" text COLLATE "C" NOT NULL,
  "version_id" text COLLATE "C" NOT NULL,
  "text" text COLLATE "C",
  "binary" text COLLATE "C",
  "stages" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "accessed_at" bigint NOT NULL,
  PRIMARY KEY ("secret", "version_id")
);
CREATE TABLE "sns_published" (
  "topic_arn" text COLLATE "C" NOT NULL,
  "identity" text COLLATE "C" NOT NULL,
  "message_id" text COLLATE "C" NOT NULL,
  "sequence" bigint NOT NULL,
  "expires_at" bigint NOT NULL,
  PRIMARY KEY ("topic_arn", "identity")
);
CREATE TABLE "sns_subscription" (
  "topic_arn" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "owner" text COLLATE "C" NOT NULL,
  "protocol" text COLLATE "C" NOT NULL,
  "endpoint" text COLLATE "C" NOT NULL,
  "confirmed" bigint NOT NULL,
  "token" text COLLATE "C" NOT NULL,
  "authenticated" bigint NOT NULL,
  "attributes" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  PRIMARY KEY ("topic_arn", "id")
);
CREATE TABLE "sns_topic" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "attributes" text COLLATE "C" NOT NULL,
  "tags" text COLLATE "C" NOT NULL,
  "unsubscribed" bigint NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "sqs_abandoned" (
  "node" bigint NOT NULL,
  "box" bigint NOT NULL,
  "queue" bigint NOT NULL,
  PRIMARY KEY ("node", "box")
);
CREATE TABLE "sqs_deduplication" (
  "queue" bigint NOT NULL,
  "identity" text COLLATE "C" NOT NULL,
  "message_id" text COLLATE "C" NOT NULL,
  "sequence" bigint NOT NULL,
  "expires_at" bigint NOT NULL,
  PRIMARY KEY ("queue", "identity")
);
CREATE TABLE "sqs_message" (
  "box" bigint NOT NULL,
  "sequence" bigint NOT NULL,
  "message_id" text COLLATE "C" NOT NULL,
  "body" text COLLATE "C" NOT NULL,
  "attributes" bytea,
  "sender" text COLLATE "C" NOT NULL,
  "sent_at" bigint NOT NULL,
  "message_group" text COLLATE "C",
  "deduplication" text COLLATE "C",
  "trace" text COLLATE "C",
  "source_arn" text COLLATE "C",
  "earlier_receives" bigint NOT NULL,
  "visible_at" bigint NOT NULL,
  "receive_count" bigint NOT NULL,
  "first_received_at" bigint NOT NULL,
  "received_at" bigint NOT NULL,
  "receipt" bigint NOT NULL,
  PRIMARY KEY ("box", "sequence")
);
CREATE TABLE "sqs_move_task" (
  "queue" bigint NOT NULL,
  "id" bigint NOT NULL,
  "task_id" text COLLATE "C" NOT NULL,
  "status" text COLLATE "C" NOT NULL,
  "destination_arn" text COLLATE "C",
  "rate" bigint,
  "moved" bigint NOT NULL,
  "to_move" bigint NOT NULL,
  "started_at" bigint NOT NULL,
  "failure" text COLLATE "C",
  PRIMARY KEY ("queue", "id")
);
CREATE TABLE "sqs_queue" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "id" bigint NOT NULL,
  "box" bigint NOT NULL,
  "created_at" bigint NOT NULL,
  "modified_at" bigint NOT NULL,
  "purged_at" bigint NOT NULL,
  "attributes" text COLLATE "C" NOT NULL,
  "tags" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "ssm_parameter" (
  "scope" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "version" bigint NOT NULL,
  "tags" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("scope", "name")
);
CREATE TABLE "ssm_version" (
  "parameter" text COLLATE "C" NOT NULL,
  "version" bigint NOT NULL,
  "type" text COLLATE "C" NOT NULL,
  "value" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C" NOT NULL,
  "allowed_pattern" text COLLATE "C" NOT NULL,
  "key_id" text COLLATE "C" NOT NULL,
  "tier" text COLLATE "C" NOT NULL,
  "data_type" text COLLATE "C" NOT NULL,
  "labels" text COLLATE "C" NOT NULL,
  "modified_at" bigint NOT NULL,
  "modified_by" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("parameter", "version")
);
CREATE TABLE "states_tags" (
  "arn" text COLLATE "C" NOT NULL,
  "tags" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("arn")
);
CREATE TABLE "task_token" (
  "execution" bigint NOT NULL,
  "event" bigint NOT NULL,
  "arn" text COLLATE "C" NOT NULL,
  "state" text COLLATE "C" NOT NULL,
  "attempt" bigint NOT NULL,
  "resource" text COLLATE "C" NOT NULL,
  "opened_at" bigint NOT NULL,
  "deadline_at" bigint,
  "heartbeat_seconds" bigint,
  "beaten_at" bigint,
  "beats" bigint NOT NULL,
  "closed_at" bigint,
  "reason" text COLLATE "C",
  "request_id" text COLLATE "C",
  PRIMARY KEY ("execution", "event")
);
CREATE TABLE "timer" (
  "shard" bigint NOT NULL,
  "execution" bigint NOT NULL,
  "branch" bigint NOT NULL,
  "kind" text COLLATE "C" NOT NULL,
  "due_at" bigint NOT NULL,
  "event" bigint NOT NULL,
  PRIMARY KEY ("shard", "execution", "branch", "kind")
);
CREATE INDEX "timer_due" ON "timer" ("shard", "due_at", "execution", "branch", "kind");
