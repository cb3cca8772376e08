// Package quote finds which part of a mail its sender newly wrote and which part is quoted, passed on, signature or legal notice.
package quote
