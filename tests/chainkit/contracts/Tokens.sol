// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Balances and allowances, nothing else: a token that says nothing about itself.
contract MuteToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    uint256 public totalSupply;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    constructor(uint256 supply) {
        totalSupply = supply;
        balanceOf[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed != type(uint256).max) {
            require(allowed >= value, "allowance");
            allowance[from][msg.sender] = allowed - value;
        }
        _move(from, to, value);
        return true;
    }

    function _move(address from, address to, uint256 value) internal virtual {
        require(balanceOf[from] >= value, "balance");
        unchecked {
            balanceOf[from] -= value;
            balanceOf[to] += value;
        }
        emit Transfer(from, to, value);
    }
}

/// A plain token, with whatever name, symbol and decimals it is told to claim.
contract Token is MuteToken {
    string public name;
    string public symbol;
    uint256 public decimals;

    constructor(string memory name_, string memory symbol_, uint256 decimals_, uint256 supply)
        MuteToken(supply)
    {
        name = name_;
        symbol = symbol_;
        decimals = decimals_;
    }
}

/// Name and symbol as bytes32, as Maker's first token has them.
contract Bytes32Token is MuteToken {
    bytes32 public name;
    bytes32 public symbol;
    uint8 public constant decimals = 18;

    constructor(bytes32 name_, bytes32 symbol_, uint256 supply) MuteToken(supply) {
        name = name_;
        symbol = symbol_;
    }
}

/// Burns a part of each transfer that its maker has no hand in.
contract TaxedToken is Token {
    uint256 public immutable taxBps;
    address private immutable _maker = msg.sender;

    constructor(string memory name_, string memory symbol_, uint256 supply, uint256 taxBps_)
        Token(name_, symbol_, 18, supply)
    {
        taxBps = taxBps_;
    }

    function _move(address from, address to, uint256 value) internal override {
        uint256 tax = from == _maker || to == _maker ? 0 : (value * taxBps) / 10_000;
        super._move(from, to, value - tax);
        if (tax != 0) super._move(from, address(0xdead), tax);
    }
}

/// Anyone can be paid by a pool, and only its maker can pay into one.
contract TrapToken is Token {
    address private immutable _maker = msg.sender;

    constructor(string memory name_, string memory symbol_, uint256 supply)
        Token(name_, symbol_, 18, supply)
    {}

    function _move(address from, address to, uint256 value) internal override {
        require(from == _maker || to.code.length == 0, "not for sale");
        super._move(from, to, value);
    }
}
