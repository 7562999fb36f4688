// The client's codecs name these types as pages know them. Node has the classes as globals too; its types name only the values.
type TextDecoder = import("node:util").TextDecoder;
type TextEncoder = import("node:util").TextEncoder;
