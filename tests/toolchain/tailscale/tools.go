//go:build tools

// Package tools names the commands that tests/toolchain/build compiles for this part.
package tools

import (
	_ "tailscale.com/cmd/tailscale"
	_ "tailscale.com/cmd/tailscaled"
)
