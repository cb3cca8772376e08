// Package channeltest holds what adapters are proved with: providers that run in this process, a sink, a vault and bookmarks in
// memory, and the suite that every adapter passes.
//
// The in-process providers also serve the demo, so nothing here may import package testing; what needs it stands in the
// sub-packages (mailrig starts real mail servers). No provider here listens on anything but loopback.
package channeltest
