//go:build tools

// Package tools names the commands that tests/toolchain/build compiles for this part.
package tools

import (
	_ "sigs.k8s.io/kustomize/kustomize/v5"
)
