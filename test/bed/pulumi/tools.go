//go:build tools

// Package tools pins the commands that the bed compiles.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
