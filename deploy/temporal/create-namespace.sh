#!/bin/sh
# Registers TEMPORAL_NAMESPACE at TEMPORAL_ADDRESS, and waits until it is known; safe to run again.
set -eu
tries=0
until temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -gt 60 ]; then
    echo "namespace $TEMPORAL_NAMESPACE could not be registered at $TEMPORAL_ADDRESS" >&2
    exit 1
  fi
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION" || true
  sleep 2
done
