//go:build !race

package safe

const slower = 1
