//go:build tools

// Package tools names the commands that tests/toolchain/build compiles for this part.
// A further one (kube-controller-manager, kubelet, ...) is one more line.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
