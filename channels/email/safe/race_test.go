//go:build race

package safe

const slower = 8 // the race detector's own cost
