package tinymodel

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers and element types of onnx.proto3 (ONNX IR version 8).
const (
	modelIR, modelGraph, modelOpset = 1, 7, 8
	graphNode, graphName            = 1, 2
	graphInit, graphIn, graphOut    = 5, 11, 12
	nodeIn, nodeOut, nodeOp         = 1, 2, 4
	nodeAttr                        = 5
	float, int64s                   = 1, 7
)

// message builds one protobuf message.
type message []byte

func (m message) num(field protowire.Number, v int64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), uint64(v)) //nolint:gosec // two's complement is meant
}

func (m message) bytes(field protowire.Number, v []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), v)
}

func (m message) text(field protowire.Number, v ...string) message {
	for _, s := range v {
		m = m.bytes(field, []byte(s))
	}
	return m
}

// onnx is the graph: weights of the words, those of the padding set to zero, added up over the text.
func onnx(table []float32, words, labels int) []byte {
	weights := make([]byte, 0, 4*len(table))
	for _, v := range table {
		weights = binary.LittleEndian.AppendUint32(weights, math.Float32bits(v))
	}
	axes := func(name string, axis uint64) message {
		return message{}.num(1, 1).num(2, int64s).text(8, name).bytes(9, binary.LittleEndian.AppendUint64(nil, axis))
	}
	graph := message{}.
		bytes(graphNode, node("Gather", []string{"weights", "input_ids"}, "of_tokens", attr("axis", 0))).
		bytes(graphNode, node("Cast", []string{"attention_mask"}, "mask", attr("to", float))).
		bytes(graphNode, node("Unsqueeze", []string{"mask", "last"}, "mask3")).
		bytes(graphNode, node("Mul", []string{"of_tokens", "mask3"}, "masked")).
		bytes(graphNode, node("ReduceSum", []string{"masked", "second"}, "logits", attr("keepdims", 0))).
		text(graphName, "tiny").
		bytes(graphInit, message{}.num(1, int64(words)).num(1, int64(labels)).num(2, float).text(8, "weights").bytes(9, weights)).
		bytes(graphInit, axes("last", 2)).
		bytes(graphInit, axes("second", 1)).
		bytes(graphIn, value("input_ids", int64s, "batch", "sequence")).
		bytes(graphIn, value("attention_mask", int64s, "batch", "sequence")).
		bytes(graphOut, value("logits", float, "batch", int64(labels)))
	opset := message{}.text(1, "").num(2, 13)
	return message{}.num(modelIR, 8).bytes(modelGraph, graph).bytes(modelOpset, opset)
}

func node(op string, in []string, out string, attrs ...message) message {
	m := message{}.text(nodeIn, in...).text(nodeOut, out).text(nodeOp, op)
	for _, a := range attrs {
		m = m.bytes(nodeAttr, a)
	}
	return m
}

// attr is an attribute with a whole number.
func attr(name string, v int64) message { return message{}.text(1, name).num(3, v).num(20, 2) }

// value is an input or output; a dimension is a size, or a name for one that varies.
func value(name string, kind int64, dims ...any) message {
	var shape message
	for _, d := range dims {
		switch d := d.(type) {
		case int64:
			shape = shape.bytes(1, message{}.num(1, d))
		case string:
			shape = shape.bytes(1, message{}.text(2, d))
		}
	}
	return message{}.text(1, name).bytes(2, message{}.bytes(1, message{}.num(1, kind).bytes(2, shape)))
}
