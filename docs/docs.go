// Package docs holds the documentation that the program carries with it.
package docs

import "embed"

// Lessons are the lessons' pages: lessons/NN-name.md.
//
//go:embed lessons/[0-9]*.md
var Lessons embed.FS
