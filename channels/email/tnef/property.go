package tnef

import "encoding/binary"

// Kinds of property values whose length varies (MS-OXCDATA section 2.11.1).
const (
	object      = 0x000D
	text8       = 0x001E
	unicodeText = 0x001F
	binaryData  = 0x0102
	several     = 0x1000 // several values of the kind
)

const propertiesMost = 5000

// property is one property with its first value.
type property struct {
	id    uint16
	kind  uint16
	value []byte
}

// cursor reads little-endian values and remembers when there was none.
type cursor struct {
	rest []byte
	bad  bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.rest) {
		c.bad = true
		c.rest = nil
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) u32() int {
	b := c.take(4)
	if b == nil {
		return 0
	}
	n := binary.LittleEndian.Uint32(b)
	if n > 1<<30 {
		c.bad = true
		return 0
	}
	return int(n)
}

// padded takes n bytes and what fills them up to a multiple of four.
func (c *cursor) padded(n int) []byte {
	b := c.take(n)
	c.take(min((4-n%4)%4, len(c.rest)))
	return b
}

// properties reads a list of properties (MS-OXTNEF section 2.1.3.4). A damaged one ends it.
func properties(data []byte) []property {
	c := cursor{rest: data}
	n := c.u32()
	var all []property
	for range min(n, propertiesMost) {
		head := c.take(4)
		if c.bad {
			break
		}
		p := property{kind: binary.LittleEndian.Uint16(head), id: binary.LittleEndian.Uint16(head[2:])}
		if p.id >= 0x8000 { // has a name of its own
			c.take(16)
			if c.u32() == 0 {
				c.take(4)
			} else {
				c.padded(c.u32())
			}
			p.id = 0
		}
		p.value = c.values(p.kind)
		if c.bad {
			break
		}
		p.kind &^= several
		if p.kind == text8 || p.kind == unicodeText {
			p.value = trimZero(p.value, p.kind)
		}
		all = append(all, p)
	}
	return all
}

// values passes over the values of a property and returns the first.
func (c *cursor) values(kind uint16) []byte {
	count := 1
	single := kind &^ several
	varies := single == object || single == text8 || single == unicodeText || single == binaryData
	if varies || kind&several != 0 {
		count = c.u32()
	}
	var first []byte
	for i := 0; i < count && !c.bad; i++ {
		var v []byte
		if varies {
			v = c.padded(c.u32())
		} else {
			v = c.padded(width(single))
		}
		if i == 0 {
			first = v
		}
	}
	return first
}

// width is the length of a value of a fixed kind.
func width(kind uint16) int {
	switch kind {
	case 0x0005, 0x0006, 0x0007, 0x0014, 0x0040: // numbers of 8 bytes, times
		return 8
	case 0x0048: // GUID
		return 16
	}
	return 4
}

func trimZero(b []byte, kind uint16) []byte {
	if kind == unicodeText {
		for len(b) >= 2 && b[len(b)-1] == 0 && b[len(b)-2] == 0 {
			b = b[:len(b)-2]
		}
		return b
	}
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}
