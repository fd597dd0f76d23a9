"""The lab's parts: network namespaces with real clients and servers, and a box between them. `scripts/lab` and the tests
under tests/lab are made of them."""
