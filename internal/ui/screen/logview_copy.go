package screen

// CopyLine is the message under the cursor, of the newest line while the view follows; "" = there is none.
func (v *LogView) CopyLine() string {
	switch {
	case len(v.shown) == 0:
		return ""
	case v.held:
		return v.line(v.shown[v.at()]).Msg
	}
	return v.line(v.shown[len(v.shown)-1]).Msg
}
