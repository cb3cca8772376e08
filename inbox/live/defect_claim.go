//go:build defect_claim

package live

import "strings"

// checks is a defect that the drill must find: what the caller saw some time ago is believed, and neither that a conversation still waits
// nor that its agent still has room is looked at again.
func checks(lua string) string {
	var kept strings.Builder
	for line := range strings.Lines(lua) {
		if !strings.Contains(line, "return {'notwaiting'}") && !strings.Contains(line, "return {'noroom'}") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
