package chat

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The widget's types are written by hand; this holds them to the wire.
func TestWidgetKnowsTheFrames(t *testing.T) {
	src, err := os.ReadFile("../../agentui/web/src/widget/frames.ts")
	if err != nil {
		t.Fatal(err)
	}
	ts := string(src)
	for name, v := range map[string]any{"InFrame": inFrame{}, "OutFrame": outFrame{}, "WireLine": wireLine{}, "WirePart": wirePart{}} {
		if got, want := tsFields(t, ts, name), jsonFields(v); !slices.Equal(got, want) {
			t.Errorf("%s: the widget has %v, the wire %v", name, got, want)
		}
	}
	for name, want := range map[string][]string{
		"InKind":  {inHello, inIdentify, inResume, inSend, inContact, inTyping, inAck, inRead, inBeat},
		"OutKind": {outWelcome, outVisit, outIdentified, outContact, outLines, outAck, outError, outTyping, outSeen, outBeat},
		"ErrorCode": {codeBadFrame, codeToken, codeIdentify, codeIdentity, codeSlowDown, codeTooLong, codeEmpty, codeContact, codeStore, codeRefused,
			codeTooMany, codeNotResume},
	} {
		m := regexp.MustCompile(`(?s)export type ` + name + ` =(.*?);`).FindStringSubmatch(ts)
		if m == nil {
			t.Errorf("no type %s", name)
			continue
		}
		var got []string
		for _, q := range regexp.MustCompile(`"([a-z_]+)"`).FindAllStringSubmatch(m[1], -1) {
			got = append(got, q[1])
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the widget has %v, the wire %v", name, got, want)
		}
	}
}

// tsFields returns the field names of an interface, sorted.
func tsFields(t *testing.T, ts, name string) []string {
	t.Helper()
	m := regexp.MustCompile(`(?s)export interface ` + name + ` \{(.*?)\n\}`).FindStringSubmatch(ts)
	if m == nil {
		t.Fatalf("no interface %s", name)
	}
	var fields []string
	for _, f := range regexp.MustCompile(`(?m)^\s*(\w+)\??:`).FindAllStringSubmatch(m[1], -1) {
		fields = append(fields, f[1])
	}
	slices.Sort(fields)
	return fields
}

// jsonFields returns the JSON names of a struct's fields, sorted.
func jsonFields(v any) []string {
	var fields []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields = append(fields, name)
	}
	slices.Sort(fields)
	return fields
}
