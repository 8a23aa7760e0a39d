#!/bin/sh
# Makes the namespace and the four search attributes that runs are found by. What is there already stays.
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE say where.
set -eu

# A namespace becomes known to all parts of the server within seconds, not at once.
retry() {
  attempts=30
  until "$@"; do
    attempts=$((attempts - 1))
    [ "$attempts" -gt 0 ] || return 1
    sleep 2
  done
}

namespace_exists() {
  temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1
}

make_namespace() {
  namespace_exists || temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 720h
}

make_search_attributes() {
  temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
    --name MatineeWeek --name MatineeStage --name MatineeModelVersion --name MatineeOutcome \
    --type Keyword --type Keyword --type Keyword --type Keyword
}

retry make_namespace
retry make_search_attributes
