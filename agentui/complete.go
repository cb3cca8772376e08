package agentui

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// complete returns v with every nil list and map that would be encoded as null made empty, so that the console need not ask. What is
// omitted when empty stays nil. v itself is not changed, save for what its pointers lead to.
func complete(v any) any {
	if v == nil {
		return nil
	}
	copied := reflect.New(reflect.TypeOf(v)).Elem()
	copied.Set(reflect.ValueOf(v))
	fill(copied, false)
	return copied.Interface()
}

// fill completes a settable value.
func fill(v reflect.Value, omitted bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), false)
		}
	case reflect.Slice:
		fillSlice(v, omitted)
	case reflect.Map:
		if v.IsNil() && !omitted {
			v.Set(reflect.MakeMap(v.Type()))
		}
	case reflect.Struct:
		fillStruct(v)
	}
}

func fillSlice(v reflect.Value, omitted bool) {
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		return
	}
	if v.IsNil() && !omitted {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	for i := range v.Len() {
		fill(v.Index(i), false)
	}
}

func fillStruct(v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		return
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag := f.Tag.Get("json")
		if !f.IsExported() || tag == "-" || f.Type.Kind() == reflect.Interface {
			continue
		}
		fill(v.Field(i), strings.Contains(tag, ",omit"))
	}
}
