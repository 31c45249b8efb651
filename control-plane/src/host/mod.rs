//! Where projects are built and environments run: sandbox, supervisor, key agent, witness, gateway.
