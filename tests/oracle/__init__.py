"""The same tests on two endpoints: Stepwell, and moto as an implementation of its own."""
