// Package web carries the built front end inside the program.
//
// It serves nothing by itself: agentui does. The front end is built by `make web` into dist, which is never committed; a program that
// was built without it shows a page that says so.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

//go:embed placeholder/index.html
var placeholder []byte

// Dist is the built front end: index.html of the console, widget.html of the chat's frame, loader/v1.js of the snippet on customers'
// websites, and assets/ with names that contain a hash of what they hold. It has none of these when it was not built.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a valid path
	}
	return sub
}

// Placeholder is the page shown in the place of a front end that was not built.
func Placeholder() []byte { return placeholder }
